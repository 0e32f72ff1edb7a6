"""Rotation of a signing secret: killed at every request and resumed, with never a moment without an accepted secret."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import stripe

from creditctl.core.catalog import Catalog
from creditctl.core.errors import ConfigurationError
from creditctl.core.keys import Secret
from creditctl.provisioning.apply import apply_plan
from creditctl.provisioning.observe import observe, observe_endpoints
from creditctl.provisioning.planning.plan import make_plan
from creditctl.provisioning.rotate import Stage, begin, finish, read_rotation
from creditctl.provisioning.secret_sinks import EnvFileSink
from creditctl.provisioning.state import DesiredEndpoint
from creditctl.stripe_api.client import StripeConnection
from tests.support.provisioning import Catalogs, Doors, Mortal
from tests.support.scripted_stripe import Killed

URL = "http://127.0.0.1:9/api/credits/webhook"


class Bench:
    """One backend's env file and the account behind it."""

    def __init__(self, env: Path, catalog: Catalog) -> None:
        self.env, self.catalog = env, catalog
        self.sink = EnvFileSink(env)

    @property
    def held(self) -> tuple[Secret, ...]:
        lines = self.env.read_text().splitlines() if self.env.exists() else []
        texts = [line.partition("=")[2] for line in lines if line.startswith("STRIPE_WEBHOOK_SECRET=")]
        return tuple(Secret(part) for text in texts for part in text.split(","))

    @property
    def wish(self) -> DesiredEndpoint:
        return DesiredEndpoint(URL, stripe.api_version, tuple(secret.fingerprint for secret in self.held))

    def set_up(self, door: StripeConnection) -> int:
        plan = make_plan(self.catalog, self.wish, observe(door))
        return apply_plan(door, plan, self.sink, held=self.held).done

    def step(self, door: StripeConnection) -> Stage:
        """What `webhooks rotate` does in one run, without waiting for a delivery."""
        rotation = read_rotation(self.wish, observe_endpoints(door))
        if rotation.stage in (Stage.BEGIN, Stage.HAND_OVER):
            begin(door, self.wish, rotation, self.sink, self.held)
        else:
            finish(door, rotation, self.sink, self.held)
        return rotation.stage


@pytest.fixture
def bench(tmp_path: Path, make_catalog: Catalogs, door: StripeConnection) -> Bench:
    built = Bench(tmp_path / ".env", make_catalog(("starter", 1000, 1000)))
    built.set_up(door)
    return built


def test_both_secrets_are_held_in_between_and_one_at_the_end(bench: Bench, door: StripeConnection) -> None:
    old = bench.held
    assert bench.step(door) is Stage.BEGIN
    assert len(bench.held) == 2
    assert bench.held[1:] == old
    assert len(observe_endpoints(door)) == 2
    assert bench.set_up(door) == 0, "the pair is nobody's drift"

    assert bench.step(door) is Stage.OVERLAP
    endpoints = observe_endpoints(door)
    assert [endpoint.fingerprint for endpoint in endpoints] == [secret.fingerprint for secret in bench.held]
    assert endpoints[0].rotation is None
    assert old[0] not in bench.held
    assert bench.set_up(door) == 0


def test_a_second_rotation_follows_the_first_within_a_day(bench: Bench, door: StripeConnection) -> None:
    seen = {bench.held[0].fingerprint}
    for _ in range(3):
        assert [bench.step(door), bench.step(door)] == [Stage.BEGIN, Stage.OVERLAP]
        seen.add(bench.held[0].fingerprint)

    assert len(seen) == 4
    assert bench.set_up(door) == 0


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("dies_at", [1, 2])
def test_a_beginning_killed_at_any_change_goes_on(
    dies_at: int,
    after: bool,
    bench: Bench,
    make_door: Doors,
    mortal: Mortal,
) -> None:
    old = bench.held[0]
    with pytest.raises(Killed):
        bench.step(make_door(mortal(dies_at, after=after)))
    assert old in bench.held, "the old endpoint's secret stays accepted"
    door = make_door()
    while bench.step(door) is not Stage.OVERLAP:
        pass

    assert len(observe_endpoints(door)) == 1
    assert bench.set_up(door) == 0


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("dies_at", [1, 2])
def test_an_ending_killed_at_any_change_goes_on(
    dies_at: int,
    after: bool,
    bench: Bench,
    make_door: Doors,
    mortal: Mortal,
) -> None:
    bench.step(make_door())
    with pytest.raises(Killed):
        bench.step(make_door(mortal(dies_at, after=after)))
    door = make_door()
    live = {endpoint.fingerprint for endpoint in observe_endpoints(door)}
    assert live <= {secret.fingerprint for secret in bench.held}, "every endpoint's secret is accepted at any moment"
    rotation = read_rotation(bench.wish, observe_endpoints(door))
    if rotation.stage in (Stage.OVERLAP, Stage.TIDY):
        finish(door, rotation, bench.sink, bench.held)

    assert [e.fingerprint for e in observe_endpoints(door)] == [secret.fingerprint for secret in bench.held]
    assert bench.set_up(door) == 0


def test_set_up_finishes_a_beginning_that_was_killed(bench: Bench, make_door: Doors, mortal: Mortal) -> None:
    with pytest.raises(Killed):
        bench.step(make_door(mortal(1, after=True)))
    door = make_door()
    bench.set_up(door)

    assert len(observe_endpoints(door)) == 2
    assert len(bench.held) == 2
    assert bench.set_up(door) == 0


def test_an_endpoint_of_an_older_release_gets_a_successor_beside_it(bench: Bench, door: StripeConnection) -> None:
    first = observe_endpoints(door)[0]
    door.client.v1.webhook_endpoints.delete(first.id)
    older = door.client.v1.webhook_endpoints.create(
        {
            "url": URL,
            "enabled_events": ["*"],
            "api_version": "2026-08-26.dahlia",
            "metadata": {"managed_by": "creditctl"},
        }
    )
    bench.sink.store([Secret(str(older.secret))])
    mark = {"secret_fingerprint": Secret(str(older.secret)).fingerprint}
    door.client.v1.webhook_endpoints.update(older.id, {"metadata": mark})
    bench.set_up(door)

    versions = {endpoint.api_version for endpoint in observe_endpoints(door)}
    assert versions == {"2026-08-26.dahlia", stripe.api_version}
    assert len(bench.held) == 2
    assert bench.set_up(door) == 0
    assert bench.step(door) is Stage.OVERLAP
    assert bench.set_up(door) == 0


def test_without_an_endpoint_there_is_nothing_to_rotate(bench: Bench, door: StripeConnection) -> None:
    door.client.v1.webhook_endpoints.delete(observe_endpoints(door)[0].id)
    with pytest.raises(ConfigurationError, match="no endpoint"):
        bench.step(door)


def test_without_the_old_secret_the_new_one_is_handed_over_alone(bench: Bench, door: StripeConnection) -> None:
    """A rotation is a way out for whoever has lost the secret; whoever holds it keeps its deliveries meanwhile."""
    (old,) = observe_endpoints(door)
    bench.env.write_text("STRIPE_WEBHOOK_SECRET=whsec_" + "another0one0\n")
    assert bench.step(door) is Stage.BEGIN

    kept, new = sorted(observe_endpoints(door), key=lambda endpoint: endpoint.id != old.id)
    assert kept == old
    assert [secret.fingerprint for secret in bench.held] == [new.fingerprint]
    assert bench.set_up(door) == 0
    assert bench.step(door) is Stage.OVERLAP
    assert [endpoint.id for endpoint in observe_endpoints(door)] == [new.id]


def test_a_rotation_of_another_machine_is_not_begun_anew(bench: Bench, door: StripeConnection, tmp_path: Path) -> None:
    other = Bench(tmp_path / "other.env", bench.catalog)
    other.env.write_text(bench.env.read_text())
    other.step(door)
    before = observe_endpoints(door)
    with pytest.raises(ConfigurationError, match="handed over elsewhere"):
        bench.step(door)

    assert observe_endpoints(door) == before
    assert bench.set_up(door) == 0


def test_a_rotation_whose_secret_is_elsewhere_ends_without_an_empty_secret(
    bench: Bench, door: StripeConnection
) -> None:
    bench.step(door)
    wish = replace(bench.wish, held=(), trust_fingerprint=True)
    before = bench.env.read_text()
    finish(door, read_rotation(wish, observe_endpoints(door)), bench.sink, ())

    assert bench.env.read_text() == before
    assert [endpoint.rotation for endpoint in observe_endpoints(door)] == [None]
