"""Plans carried out on the emulator: killed at every request, repriced back and forth, disturbed, run twice at once."""

from __future__ import annotations

import contextlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import stripe

from creditctl.core.keys import Secret
from creditctl.emulator.app import Emulator
from creditctl.provisioning.apply import Applied, apply_plan
from creditctl.provisioning.observe import observe
from creditctl.provisioning.planning.catalog import plan_catalog
from creditctl.provisioning.planning.endpoint_choice import EndpointChoice
from creditctl.provisioning.secret_sinks import EnvFileSink
from creditctl.provisioning.state import SecretState
from creditctl.stripe_api.client import StripeConnection
from tests.support.provisioning import Catalogs, Doors, Mortal
from tests.support.scripted_stripe import Killed
from tests.support.set_up import URL, assert_settled, held_in, plan_now, set_up
from tests.support.waiting import patience


def test_a_second_run_changes_nothing(door: StripeConnection, make_catalog: Catalogs, tmp_path: Path) -> None:
    catalog = make_catalog(("starter", 1000, 1000), ("basic", 5500, 4500))
    first = set_up(door, catalog, tmp_path / ".env")
    second = set_up(door, catalog, tmp_path / ".env")

    assert (first.done, second.done) == (5, 0)
    assert first.prices == second.prices
    assert_settled(door, catalog, tmp_path / ".env")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("dies_at", range(1, 7))
def test_a_first_run_killed_at_any_change_is_finished_by_the_next(
    dies_at: int,
    after: bool,
    make_door: Doors,
    mortal: Mortal,
    make_catalog: Catalogs,
    tmp_path: Path,
) -> None:
    catalog, env = make_catalog(("starter", 1000, 1000), ("basic", 5500, 4500)), tmp_path / ".env"
    with pytest.raises(Killed):
        set_up(make_door(mortal(dies_at, after=after)), catalog, env)
    set_up(make_door(), catalog, env)

    assert_settled(make_door(), catalog, env)
    assert len(observe(make_door()).prices) == 2, "no price was made twice"


def secret_of_their_own(door: StripeConnection, env: Path) -> str:
    """An endpoint of another machine, whose secret this one does not hold; its id."""
    made = door.client.v1.webhook_endpoints.create(
        {"url": URL, "enabled_events": ["charge.refunded"], "api_version": "2026-10-28.endive"}
    )
    marks = {"managed_by": "creditctl", "secret_fingerprint": Secret(str(made.secret)).fingerprint}
    door.client.v1.webhook_endpoints.update(made.id, {"metadata": marks})
    env.write_text("STRIPE_WEBHOOK_SECRET=whsec_" + "of0something0else\n")
    return str(made.id)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("dies_at", range(1, 6))
@pytest.mark.parametrize(
    "choice", [EndpointChoice(rotate=True), EndpointChoice(replace=True)], ids=["rotate", "replace"]
)
def test_a_way_out_killed_at_any_change_is_finished_by_the_same_command(
    choice: EndpointChoice,
    dies_at: int,
    after: bool,
    make_door: Doors,
    mortal: Mortal,
    make_catalog: Catalogs,
    tmp_path: Path,
) -> None:
    """Rotation or replacement of an endpoint whose secret is elsewhere."""
    catalog, env, door = make_catalog(("starter", 1000, 1000)), tmp_path / ".env", make_door()
    theirs = secret_of_their_own(door, env)
    with contextlib.suppress(Killed):
        set_up(make_door(mortal(dies_at, after=after)), catalog, env, choice)
    if theirs not in {endpoint.id for endpoint in observe(door).endpoints}:
        assert choice.replace
        assert marks_of(door) & {secret.fingerprint for secret in held_in(env)}, "it goes last"
    set_up(door, catalog, env, choice)

    assert plan_now(door, catalog, env).changes == ()
    marks = {endpoint.id: endpoint.fingerprint for endpoint in observe(door).endpoints}
    assert (marks.pop(theirs, None) is not None) == choice.rotate
    assert [secret.fingerprint for secret in held_in(env)] == list(marks.values())


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("dies_at", range(1, 6))
def test_a_replacement_killed_and_followed_by_a_plain_run_gives_nothing_up(
    dies_at: int, after: bool, make_door: Doors, mortal: Mortal, make_catalog: Catalogs, tmp_path: Path
) -> None:
    catalog, env, door = make_catalog(("starter", 1000, 1000)), tmp_path / ".env", make_door()
    theirs = secret_of_their_own(door, env)
    with contextlib.suppress(Killed):
        set_up(make_door(mortal(dies_at, after=after)), catalog, env, EndpointChoice(replace=True))
    before = {endpoint.id for endpoint in observe(door).endpoints}
    set_up(door, catalog, env)

    assert plan_now(door, catalog, env).changes == ()
    assert theirs in before or marks_of(door) <= {secret.fingerprint for secret in held_in(env)}
    assert {theirs} & before <= {endpoint.id for endpoint in observe(door).endpoints}


def marks_of(door: StripeConnection) -> set[str | None]:
    return {endpoint.fingerprint for endpoint in observe(door).endpoints}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("dies_at", range(1, 7))
def test_an_adoption_killed_at_any_change_never_loses_the_adopted_secret(
    dies_at: int, after: bool, make_door: Doors, mortal: Mortal, make_catalog: Catalogs, tmp_path: Path
) -> None:
    """Adopted with another release: it stays, and gets a successor beside it in the same run."""
    catalog, env, door = make_catalog(("starter", 1000, 1000)), tmp_path / ".env", make_door()
    made = door.client.v1.webhook_endpoints.create(
        {"url": URL, "enabled_events": ["charge.refunded"], "api_version": "2026-08-26.dahlia"}
    )
    env.write_text(f"STRIPE_WEBHOOK_SECRET={made.secret}\n")
    choice = EndpointChoice(adopt=made.id)
    with contextlib.suppress(Killed):
        set_up(make_door(mortal(dies_at, after=after)), catalog, env, choice)
    assert Secret(str(made.secret)) in held_in(env)
    set_up(door, catalog, env, choice)

    assert plan_now(door, catalog, env).changes == ()
    adopted, new = sorted(observe(door).endpoints, key=lambda endpoint: endpoint.id != made.id)
    assert (adopted.id, adopted.secret_state, new.rotation) == (made.id, SecretState.UNPROVEN, made.id)
    assert held_in(env)[0].fingerprint == new.fingerprint
    assert held_in(env)[1:] == (Secret(str(made.secret)),)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("dies_at", range(1, 4))
def test_a_reprice_killed_at_any_change_is_finished_by_the_next(
    dies_at: int,
    after: bool,
    make_door: Doors,
    mortal: Mortal,
    make_catalog: Catalogs,
    tmp_path: Path,
) -> None:
    env, dear = tmp_path / ".env", make_catalog(("starter", 1000, 1200))
    door = make_door()
    old = set_up(door, make_catalog(("starter", 1000, 1000)), env).prices["starter"]
    door.client.v1.products.update("creditctl_starter", {"default_price": old})
    with pytest.raises(Killed):
        set_up(make_door(mortal(dies_at, after=after)), dear, env)
    assert any(p.active and p.lookup_key == "creditctl_starter_usd" for p in observe(door).prices), "always a price"
    set_up(make_door(), dear, env)

    assert_settled(door, dear, env)
    prices = {price.id: price for price in observe(door).prices}
    new = next(price for price in prices.values() if price.active)
    assert len(prices) == 2
    assert new.metadata["supersedes"] == old
    assert prices[old].metadata["credits"] == "1000"
    assert observe(door).products[0].default_price == new.id


def test_a_price_goes_from_a_to_b_and_back_within_a_day(
    door: StripeConnection, make_catalog: Catalogs, tmp_path: Path
) -> None:
    env, a, b = tmp_path / ".env", make_catalog(("starter", 1000, 1000)), make_catalog(("starter", 1000, 1200))
    ids = [set_up(door, catalog, env).prices["starter"] for catalog in (a, b, a, b, a)]

    assert len(set(ids)) == 5
    assert_settled(door, a, env)


def test_other_credits_for_the_same_money_are_a_new_price(
    door: StripeConnection, make_catalog: Catalogs, tmp_path: Path
) -> None:
    env = tmp_path / ".env"
    old = set_up(door, make_catalog(("starter", 1000, 1000)), env).prices["starter"]
    more = make_catalog(("starter", 1200, 1000))
    set_up(door, more, env)

    assert_settled(door, more, env)
    assert door.client.v1.prices.retrieve(old).metadata["credits"] == "1000"


def test_two_runs_at_once_make_one_set_of_objects(make_door: Doors, make_catalog: Catalogs, tmp_path: Path) -> None:
    catalog, env = make_catalog(("starter", 1000, 1000), ("basic", 5500, 4500)), tmp_path / ".env"
    one, other = make_door(), make_door()
    plans = [plan_now(one, catalog, env), plan_now(other, catalog, env)]
    results = [apply_plan(d, p, EnvFileSink(env)) for d, p in zip((one, other), plans, strict=True)]

    assert results[0].prices == results[1].prices
    assert results[0].endpoint == results[1].endpoint
    assert_settled(one, catalog, env)


def test_two_threads_at_once_make_one_set_of_objects(make_door: Doors, make_catalog: Catalogs, tmp_path: Path) -> None:
    catalog, env = make_catalog(("starter", 1000, 1000), ("basic", 5500, 4500)), tmp_path / ".env"
    together = threading.Barrier(2)

    def run(door: StripeConnection) -> Applied:
        together.wait(timeout=patience(30))
        return set_up(door, catalog, env)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run, [make_door(), make_door()]))

    assert results[0].prices == results[1].prices
    assert_settled(make_door(), catalog, env)


@pytest.mark.parametrize("path", ["/v1/products", "/v1/prices", "/v1/webhook_endpoints", "/v1/webhook_endpoints/*"])
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 429},
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 503},
        {"kind": "cut_before"},
        {"kind": "cut_after"},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
def test_disturbances_end_in_a_finished_set_up(
    path: str, fault: dict[str, Any], emulator: Emulator, door: StripeConnection, make_catalog: Catalogs, tmp_path: Path
) -> None:
    catalog, env = make_catalog(("starter", 1000, 1000)), tmp_path / ".env"
    emulator.services.faults.add({**fault, "path": path, "method": "POST", "count": 2})
    set_up(door, catalog, env)

    assert_settled(door, catalog, env)


def test_a_stripe_that_stays_down_stops_clearly_and_the_next_run_goes_on(
    emulator: Emulator, door: StripeConnection, make_catalog: Catalogs, tmp_path: Path
) -> None:
    catalog, env = make_catalog(("starter", 1000, 1000)), tmp_path / ".env"
    rule = emulator.services.faults.add({"kind": "status", "status": 503, "path": "/v1/prices", "method": "POST"})
    with pytest.raises(stripe.APIError):
        set_up(door, catalog, env)
    emulator.services.faults.remove(rule.id)
    set_up(door, catalog, env)

    assert_settled(door, catalog, env)


def test_things_deleted_and_archived_by_hand_come_back(
    door: StripeConnection, make_catalog: Catalogs, tmp_path: Path
) -> None:
    catalog, env = make_catalog(("starter", 1000, 1000), ("basic", 5500, 4500)), tmp_path / ".env"
    made = set_up(door, catalog, env)
    door.client.v1.prices.update(made.prices["starter"], {"active": False})
    door.client.v1.products.update("creditctl_basic", {"active": False, "name": "Oops"})
    door.client.v1.webhook_endpoints.update(str(made.endpoint), {"disabled": True, "enabled_events": ["charge.failed"]})
    plan = plan_now(door, catalog, env)

    assert [str(step.action) for step in plan.changes] == ["restore", "restore", "restore"]
    apply_plan(door, plan, None)
    assert_settled(door, catalog, env)

    door.client.v1.webhook_endpoints.delete(str(made.endpoint))
    again = set_up(door, catalog, env)

    assert again.endpoint not in (None, made.endpoint), "a replayed answer about a deleted endpoint is not believed"
    assert_settled(door, catalog, env)


def test_every_change_is_a_line_in_the_audit_file_and_no_secret_is(
    door: StripeConnection, make_catalog: Catalogs, tmp_path: Path
) -> None:
    set_up(door, make_catalog(("starter", 1000, 1000)), tmp_path / ".env")
    text = (tmp_path / "audit.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]

    assert [line["what"].split("/")[2] for line in lines] == ["products", "prices", *["webhook_endpoints"] * 2]
    assert all(line["request_id"] and line["idempotency_key"] and line["object"] for line in lines)
    assert "whsec_" not in text
    assert "sk_test" not in text


def test_a_foreign_price_with_our_lookup_key_blocks_its_package_only(
    door: StripeConnection, make_catalog: Catalogs
) -> None:
    product = door.client.v1.products.create({"name": "Theirs"})
    door.client.v1.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 5, "lookup_key": "creditctl_starter_usd"}
    )
    plan = plan_catalog(make_catalog(("starter", 1000, 1000), ("basic", 5500, 4500)), observe(door))

    assert [finding.code for finding in plan.findings] == ["setup.lookup_key_taken"]
    assert {step.subject for step in plan.steps} == {"basic"}
