"""An endpoint is made once, and its secret is handed over or the endpoint taken back, at the limit too."""

from __future__ import annotations

from pathlib import Path

import pytest

from creditctl.core.errors import ConfigurationError, CreditctlError, StripeRefused
from creditctl.core.keys import Secret
from creditctl.provisioning.apply import apply_plan
from creditctl.provisioning.observe import observe
from creditctl.provisioning.planning.endpoint_choice import EndpointChoice
from creditctl.provisioning.secret_sinks import CommandSink, EnvFileSink
from creditctl.stripe_api.client import StripeConnection
from tests.support.provisioning import Catalogs
from tests.support.set_up import assert_settled, held_in, plan_now, set_up


def test_a_second_machine_leaves_the_first_ones_endpoint_alone(
    door: StripeConnection, make_catalog: Catalogs, tmp_path: Path
) -> None:
    """A fresh folder with the same key: whoever holds the endpoint's secret must not lose its deliveries."""
    catalog, env = make_catalog(("starter", 1000, 1000)), tmp_path / ".env"
    set_up(door, catalog, env)
    before = observe(door)
    second = tmp_path / "second.env"
    plan = plan_now(door, catalog, second)
    made = set_up(door, catalog, second)

    assert [finding.code for finding in plan.findings] == ["endpoint.secret_elsewhere"]
    assert (made.endpoint, made.done, second.exists()) == (None, 0, False)
    assert observe(door) == before
    assert_settled(door, catalog, env)


def test_a_secret_that_is_lost_is_replaced_where_that_is_said(
    door: StripeConnection, make_catalog: Catalogs, tmp_path: Path
) -> None:
    catalog, env = make_catalog(("starter", 1000, 1000)), tmp_path / ".env"
    first = set_up(door, catalog, env)
    env.unlink()
    second = set_up(door, catalog, env, EndpointChoice(replace=True))

    assert second.endpoint != first.endpoint
    assert_settled(door, catalog, env)
    assert set_up(door, catalog, env, EndpointChoice(replace=True)).done == 0, "twice changes nothing"


def test_a_hand_over_that_fails_takes_the_endpoint_back(
    door: StripeConnection, make_catalog: Catalogs, tmp_path: Path
) -> None:
    catalog, env = make_catalog(("starter", 1000, 1000)), tmp_path / ".env"
    with pytest.raises(ConfigurationError, match="exit code 3") as caught:
        apply_plan(door, plan_now(door, catalog, env), CommandSink("sh -c 'cat >&2; exit 3'", tmp_path))

    assert observe(door).endpoints == ()
    assert "whsec_" not in str(caught.value)
    set_up(door, catalog, env)
    assert_settled(door, catalog, env)


def test_a_command_gets_the_secret_without_a_line_end(
    door: StripeConnection, make_catalog: Catalogs, tmp_path: Path
) -> None:
    catalog = make_catalog(("starter", 1000, 1000))
    sink = CommandSink("sh -c 'cat > secret.txt'", tmp_path)
    apply_plan(door, plan_now(door, catalog, tmp_path / ".env"), sink)

    handed = (tmp_path / "secret.txt").read_text()
    assert handed.startswith("whsec_")
    assert handed.strip() == handed
    assert observe(door).endpoints[0].fingerprint == Secret(handed).fingerprint


def test_nothing_is_created_where_the_secret_could_not_be_stored(
    door: StripeConnection, make_catalog: Catalogs, tmp_path: Path
) -> None:
    catalog = make_catalog(("starter", 1000, 1000))
    for sink in (EnvFileSink(tmp_path / "missing" / ".env"), CommandSink("no-such-program-of-ours x", tmp_path)):
        with pytest.raises(CreditctlError):
            apply_plan(door, plan_now(door, catalog, tmp_path / ".env"), sink)

    assert observe(door).endpoints == ()
    assert observe(door).products == ()


def fill_endpoints(door: StripeConnection, count: int) -> list[str]:
    """Somebody else's endpoints, elsewhere."""
    return [
        door.client.v1.webhook_endpoints.create(
            {"url": f"https://example.com/{number}", "enabled_events": ["charge.failed"]}
        ).id
        for number in range(count)
    ]


def test_the_limit_of_endpoints_is_a_clear_refusal_until_there_is_room(
    door: StripeConnection, make_catalog: Catalogs, tmp_path: Path
) -> None:
    catalog, env = make_catalog(("starter", 1000, 1000)), tmp_path / ".env"
    theirs = fill_endpoints(door, 16)
    with pytest.raises(StripeRefused, match="16") as caught:
        set_up(door, catalog, env)
    assert caught.value.code == "setup.endpoint_limit"
    assert not env.exists()

    door.client.v1.webhook_endpoints.delete(theirs.pop())
    set_up(door, catalog, env)

    assert plan_now(door, catalog, env).changes == (), "the refusal that Stripe stored for the key is not believed"


def test_at_the_limit_an_endpoint_that_is_given_up_makes_room_for_its_successor(
    door: StripeConnection, make_catalog: Catalogs, tmp_path: Path
) -> None:
    catalog, env = make_catalog(("starter", 1000, 1000)), tmp_path / ".env"
    lost = set_up(door, catalog, env)
    theirs = set(fill_endpoints(door, 15))
    env.unlink()
    made = set_up(door, catalog, env, EndpointChoice(replace=True))

    assert plan_now(door, catalog, env).changes == ()
    assert {endpoint.id for endpoint in observe(door).endpoints} == theirs | {str(made.endpoint)}
    assert made.endpoint != lost.endpoint


def test_an_endpoint_that_was_moved_within_a_day_is_not_taken_for_the_new_one(
    door: StripeConnection, make_catalog: Catalogs, tmp_path: Path
) -> None:
    """Stripe replays the first creation at this URL, and that endpoint delivers elsewhere by now."""
    catalog, env = make_catalog(("starter", 1000, 1000)), tmp_path / ".env"
    first = set_up(door, catalog, env)
    door.client.v1.webhook_endpoints.update(str(first.endpoint), {"url": "http://127.0.0.1:10/hook"})
    second = set_up(door, catalog, tmp_path / "second.env")

    assert second.endpoint not in (None, first.endpoint)
    assert plan_now(door, catalog, tmp_path / "second.env").changes == ()
    assert held_in(env) != held_in(tmp_path / "second.env")


def test_an_endpoint_deleted_again_and_again_within_a_day_is_always_made_anew(
    door: StripeConnection, make_catalog: Catalogs, tmp_path: Path
) -> None:
    catalog, env = make_catalog(("starter", 1000, 1000)), tmp_path / ".env"
    for _ in range(3):
        made = set_up(door, catalog, env)
        door.client.v1.webhook_endpoints.delete(str(made.endpoint))
        env.unlink()
    set_up(door, catalog, env)

    assert_settled(door, catalog, env)
