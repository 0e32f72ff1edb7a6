"""Plausibility of scenarios: ours and every history are possible; what is impossible is said at its step."""

from __future__ import annotations

import pytest

from creditctl.simulation.histories.generate import random_history
from creditctl.simulation.histories.story import story_faults
from creditctl.simulation.scenarios.steps import (
    Buy,
    Crash,
    Deliver,
    Dispute,
    Expect,
    FailRefund,
    HoldBack,
    Open,
    OpenLike,
    Pay,
    ReadPage,
    Refund,
    Release,
    Restart,
    Scenario,
    Settle,
    Step,
)
from creditctl.simulation.scenarios.table import SCENARIOS


def test_all_that_is_played_is_possible() -> None:
    histories = [random_history(9, number) for number in range(200)]

    assert [
        (each.name, list(story_faults(each))) for each in (*SCENARIOS, *histories) if list(story_faults(each))
    ] == []


@pytest.mark.parametrize(
    ("steps", "place", "said"),
    [
        ((Pay(), Expect()), 0, "no step before it opens"),
        ((Buy(), Expect(100, name="b")), 1, "called 'b'"),
        ((Buy(), Deliver(name="a,b"), Expect()), 1, "called 'b'"),
        ((OpenLike("free"), Expect()), 0, "called 'a'"),
        ((Open(), Refund(), Expect()), 1, "is not paid"),
        ((Buy(), FailRefund(), Expect()), 1, "is not refunded"),
        ((Buy(), Settle("won"), Expect()), 1, "is not disputed"),
        ((Buy(), Release(), Expect()), 1, "are not held back"),
        ((Buy(), Crash("answered"), Restart(), Expect()), 1, "held back"),
        ((Buy(), Restart(), Expect()), 1, "was not killed"),
        ((Buy(), Crash(), Expect(), Restart()), 2, "is down"),
        ((Buy(), Expect(), Crash()), 2, "left dead"),
        ((Buy(buyer=1), Expect()), 0, "needs buyers = 2"),
        ((Buy(), ReadPage(by=2)), 1, "needs buyers = 3"),
        ((Buy(), Deliver(must="accepted"), Expect()), 1, "needs the cause"),
        ((Buy(), HoldBack(), Refund(), Dispute()), 3, "nothing judges"),
    ],
)
def test_what_is_impossible_is_said(steps: tuple[Step, ...], place: int, said: str) -> None:
    found = list(story_faults(Scenario("mine", "own", "Mine", steps)))

    assert [(where, said in sentence) for where, sentence in found if where == place] == [(place, True)]
