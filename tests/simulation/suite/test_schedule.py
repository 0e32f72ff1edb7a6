"""The schedule against backends of the zoo: boundaries, dependents, order and numbers at once change no verdict."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from creditctl.core.errors import ConfigurationError, Unreachable
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
from creditctl.simulation.pace import Pace
from creditctl.simulation.results import ScenarioOutcome
from creditctl.simulation.scenarios.table import SMOKE, find_scenarios
from creditctl.simulation.suite.preflight import preflight
from creditctl.simulation.suite.schedule import SuiteOptions, run_suite
from creditctl.simulation.target.declaration import USER_HEADER
from tests.simulation.zoo.broken import IgnoresRefunds, NoSignature
from tests.simulation.zoo.correct import Backend, Refused
from tests.simulation.zoo.keeper import examine, keep


class RefusesEverything(Backend):
    def receive(self, body: bytes, header: str | None) -> int:
        raise Refused(500)


class BalanceBreaksAfterRefunds(Backend):
    def on_refund(self, event: dict[str, Any], refund: dict[str, Any]) -> None:
        super().on_refund(event, refund)
        self.broken = str(self.shelf.one("select user from payments where payment = ?", refund["payment_intent"]))

    def balance(self, user: str) -> int:
        if user == getattr(self, "broken", ""):
            raise ValueError("odd")
        return super().balance(user)


class LosesTheFirst(Backend):
    """The first purchase is lost, and the others are not."""

    headers: ClassVar[tuple[str, ...]] = (USER_HEADER, "X-User-Email: {user}@example.com")
    lost = False

    def fulfil(self, event: dict[str, Any], session: dict[str, Any]) -> None:
        first, self.lost = not self.lost, True
        if not first:
            super().fulfil(event, session)


@pytest.fixture(scope="module")
def emulator_url() -> Iterator[str]:
    emulator = Emulator()
    with EmulatorServer(emulator) as server:
        yield server.url
    emulator.close()


def test_a_backend_that_refuses_every_delivery_is_condemned_in_seconds(emulator_url: str) -> None:
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        time.sleep(seconds)

    with keep(emulator_url, "refuses-everything", RefusesEverything) as (bench, secret):
        report = preflight(replace(bench, pace=Pace(time.monotonic, sleep)), (secret,), started_here=True)
        suite = run_suite(find_scenarios(SMOKE)[0], report, SuiteOptions(4), lambda _result: None)

    assert sum(waited) < 12
    found = {each.name: each for each in suite.results}
    assert found["success"].outcome is ScenarioOutcome.FAILED
    assert found["refund"].outcome is ScenarioOutcome.NOT_TRIED
    assert "basic purchase" in found["refund"].reason


def test_credits_that_come_late_are_not_laid_to_a_typed_email(emulator_url: str) -> None:
    suite = examine(emulator_url, "first-is-lost", LosesTheFirst, ("success",))

    assert [each.cause for each in suite.results] == ["credits_never"]


def test_an_odd_balance_is_a_verdict_and_the_rest_still_runs(emulator_url: str) -> None:
    suite = examine(emulator_url, "odd-balance", BalanceBreaksAfterRefunds, ("refund", "success", "decline"))

    found = {each.name: (each.outcome, each.cause) for each in suite.results}
    assert found["refund"] == (ScenarioOutcome.FAILED, "balance_unreadable")
    assert found["success"][0] is found["decline"][0] is ScenarioOutcome.PASSED


def test_seed_and_jobs_change_no_verdict(emulator_url: str) -> None:
    def verdicts(jobs: int, seed: int) -> dict[str, tuple[str, str]]:
        name = f"ignores-refunds-{jobs}-{seed}"
        suite = examine(emulator_url, name, IgnoresRefunds, SMOKE, jobs=jobs, seed=seed)
        return {each.name: (each.outcome, each.cause) for each in suite.results}

    assert verdicts(1, 0) == verdicts(8, 0) == verdicts(8, 7)


def test_what_follows_from_an_unchecked_signature_is_called_so(emulator_url: str) -> None:
    suite = examine(emulator_url, "no-signature-2", NoSignature, ("signature-forged", "signature-stale"))

    assert {each.cause for each in suite.results} == {"signature_not_checked"}


def test_the_first_failure_stops_what_has_not_begun(emulator_url: str) -> None:
    chosen, _ = find_scenarios(("refund", "partial-refund", "two-partial-refunds"))
    with keep(emulator_url, "fail-fast", IgnoresRefunds) as (bench, secret):
        report = preflight(bench, (secret,), started_here=True)
        suite = run_suite(chosen, report, SuiteOptions(jobs=1, fail_fast=True), lambda result: None)

    assert [len(suite.of(outcome)) for outcome in (ScenarioOutcome.FAILED, ScenarioOutcome.NOT_TRIED)] == [1, 2]


def test_a_secret_that_does_not_fit_is_a_fault_of_the_set_up_where_we_did_not_give_it(emulator_url: str) -> None:
    with keep(emulator_url, "another-secret", RefusesEverything) as (bench, secret):
        with pytest.raises(ConfigurationError) as refused:
            preflight(bench, (secret,), started_here=False)
        told = preflight(bench, (secret,), started_here=True)

    assert refused.value.code == "simulate.secret"
    assert told.cause == "wrong_secret"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"balance": {"path": "/nowhere"}}, "simulate.balance"),
        ({"balance": {"pointer": "/credits"}}, "simulate.balance"),
        ({"webhook_url": "{url}/nowhere"}, "simulate.webhook_path"),
        ({"purchase_path": "/nowhere"}, "simulate.purchase"),
        ({"purchase_body": "{}"}, "simulate.purchase"),
        ({"url": "http://127.0.0.1:9"}, "simulation.backend"),
    ],
)
def test_what_does_not_fit_is_named_before_anything_is_judged(
    emulator_url: str, changed: dict[str, Any], code: str
) -> None:
    from dataclasses import replace

    from creditctl.simulation.target.backend_client import BackendClient

    with keep(emulator_url, f"misfit-{abs(hash(str(changed)))}", Backend) as (bench, secret):
        target = bench.backend.target
        given = {
            name: value.format(url=target.url) if "{url}" in str(value) else value for name, value in changed.items()
        }
        if "balance" in given:
            given["balance"] = replace(target.balance, **given["balance"])
        backend = BackendClient(bench.backend.http, replace(target, **given))
        with pytest.raises((ConfigurationError, Unreachable)) as refused:
            preflight(replace(bench, backend=backend), (secret,), started_here=False)

    assert refused.value.code == code
    assert refused.value.fix
