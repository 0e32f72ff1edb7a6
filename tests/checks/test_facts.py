"""Facts are read once for all who ask, and what does not come in time holds nobody up."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from creditctl.checks.answers import CheckAnswer, passed
from creditctl.checks.check import Check
from creditctl.checks.context import Context
from creditctl.checks.facts import Facts
from creditctl.checks.registry import run_checks
from creditctl.core.checks import CheckStatus
from creditctl.provisioning.probing.side_by_side import run_side_by_side
from tests.checks.conftest import Production
from tests.support.waiting import patience


def test_a_fact_is_read_once_however_many_ask_at_the_same_time() -> None:
    facts, asked, together = Facts(), list[int](), threading.Barrier(4)

    def read() -> int:
        asked.append(1)
        return 7

    def ask() -> int:
        together.wait()
        return facts.get("seven", read)

    assert run_side_by_side([ask] * 4, seconds=60) == [7, 7, 7, 7]
    assert asked == [1]


def test_what_reading_raises_is_raised_to_everybody() -> None:
    facts = Facts()

    def broken() -> int:
        raise ValueError("odd")

    for _ in range(2):
        with pytest.raises(ValueError, match="odd"):
            facts.get("broken", broken)


def test_a_check_that_hangs_is_unknown_and_says_what_did_not_answer(production: Production) -> None:
    released = threading.Event()

    def hang(context: Context) -> CheckAnswer:
        context.facts.get("the moon on Stripe", released.wait)
        return passed("never seen")

    sound: Check[Context] = Check("a.three", "Three", lambda _: passed("ok"))
    checks = [Check("a.one", "One", hang), Check("a.two", "Two", hang), sound]
    with ExitStack() as stack:
        context = production.context(stack)
        results = run_checks(checks, context, seconds=patience(0.3))
        released.set()

    assert [result.status for result in results] == [CheckStatus.UNKNOWN, CheckStatus.UNKNOWN, CheckStatus.PASS]
    assert "the moon on Stripe" in results[0].evidence
    assert "the moon on Stripe" in results[1].evidence
    assert context.lost, "Stripe did not answer, so the run is incomplete"


def test_an_answer_in_a_shape_that_nobody_expects_is_unknown(production: Production) -> None:
    def odd(_: Context) -> CheckAnswer:
        raise AttributeError("transform_quantity")

    with ExitStack() as stack:
        (result,) = run_checks([Check("a.one", "One", odd)], production.context(stack))

    assert result.status is CheckStatus.UNKNOWN
    assert "transform_quantity" in result.evidence
