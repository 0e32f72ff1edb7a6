"""The registry holds every check once; checks can be selected by id and by family, and one that cannot look says so."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
import stripe

from creditctl.checks.answers import CheckAnswer, passed
from creditctl.checks.check import Check
from creditctl.checks.checklist import CHECKLIST
from creditctl.checks.context import Context
from creditctl.checks.doctor import DOCTOR_CHECKS
from creditctl.checks.env.checks import ENV_CHECKS
from creditctl.checks.registry import ALL_CHECKS, run_checks, select_checks
from creditctl.core.checks import CheckStatus
from creditctl.core.errors import LedgerError, UsageError
from tests.checks.conftest import Production

DOCTOR_IDS = [check.id for check in DOCTOR_CHECKS]


def ids(checks: tuple[Check[Context], ...]) -> list[str]:
    return [check.id for check in checks]


def test_no_two_checks_of_the_registry_share_an_id() -> None:
    assert len(set(ids(ALL_CHECKS))) == len(ALL_CHECKS)


def test_the_three_commands_show_selections_of_the_registry() -> None:
    assert ids(select_checks(["env"])) == [check.id for check in ENV_CHECKS]
    assert ids(select_checks(["checklist"])) == ids(CHECKLIST)
    assert ids(select_checks(["doctor"])) == DOCTOR_IDS
    assert select_checks(["env", "checklist", "doctor"]) == ALL_CHECKS


def test_checks_of_several_commands_are_selected_by_id_each_once() -> None:
    chosen = select_checks(["doctor.clock", "env.mode", "doctor.clock"])

    assert ids(chosen) == ["env.mode", "doctor.clock"]


def test_a_name_that_no_check_has_is_refused() -> None:
    with pytest.raises(UsageError, match=r"doctor\.clok"):
        select_checks(["env", "doctor.clok"])


def test_a_check_of_any_family_can_be_run_by_its_id(production: Production) -> None:
    answers = production.ask(select_checks(["env.paths", "doctor.clock"]))

    assert {name: status for name, (status, _) in answers.items()} == {"paths": "pass", "clock": "pass"}


@pytest.mark.parametrize(
    "error",
    [
        LedgerError("It cannot be read.", code="ledger.x", fix="Look."),
        stripe.APIConnectionError("gone"),
        stripe.StripeError("odd"),
    ],
    ids=["ledger", "network", "stripe"],
)
def test_a_check_that_cannot_look_is_unknown_and_the_next_one_runs(production: Production, error: Exception) -> None:
    def refuse(_context: Context) -> CheckAnswer:
        raise error

    checks = [Check("a.one", "One", refuse), Check("a.two", "Two", lambda _context: passed("seen"))]
    with ExitStack() as stack:
        results = run_checks(checks, production.context(stack))

    assert [result.status for result in results] == [CheckStatus.UNKNOWN, CheckStatus.PASS]
    assert results[0].evidence
