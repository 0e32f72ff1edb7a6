"""Exactly once, though the process is killed with SIGKILL at any point of the path."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fulfilment.conftest import Events
from tests.support.waiting import run_process

HOUSE = Path(__file__).resolve().parents[2]
CHILD = [sys.executable, "-m", "tests.fulfilment.crash_child"]
PURCHASE, REFUND, DISPUTE = ["purchase:pi_1", 1000], ["refund:re_1", -250], ["dispute:dp_1", -750]


def kill_everywhere(folder: Path, earlier: list[Any], event: dict[str, Any], how: str) -> list[dict[str, Any]]:
    scenario = folder / "scenario.json"
    scenario.write_text(json.dumps({"earlier": earlier, "event": event}))
    child = run_process([*CHILD, str(folder), str(scenario), how], 100, cwd=HOUSE)
    assert child.returncode == 0, child.stderr
    results: list[dict[str, Any]] = json.loads(child.stdout)
    return results


def assert_exactly_once(results: list[dict[str, Any]], before: list[Any], after: list[Any], earlier: int) -> None:
    """All or nothing after the kill; all, once, after the second delivery."""
    assert [result["killed"] for result in results] == [True] * (len(results) - 1) + [False]
    for result in results:
        done = result["left"]["deliveries"] == earlier + 1
        assert result["left"]["entries"] == (after if done else before)
        assert result["again"] == ("exists" if done else "posted")
        assert result["end"]["entries"] == after
        assert result["sound"]
    outcomes = [result["again"] for result in results]
    assert outcomes == sorted(outcomes, reverse=True), "once it is written it stays written"
    assert set(outcomes) == {"posted", "exists"}


def test_killed_at_every_line_of_a_purchase_whose_refund_and_dispute_came_first(events: Events, tmp_path: Path) -> None:
    earlier = [events.refund("created", "re_1", 250), events.dispute("created", "needs_response", -1000)]
    results = kill_everywhere(tmp_path, earlier, events.session(1), "lines")
    assert len(results) > 150
    assert_exactly_once(results, [], [PURCHASE, REFUND, DISPUTE], earlier=2)
    assert {result["end"]["facts"] for result in results} == {2}


@pytest.mark.parametrize("how", ["first use", "refund", "dispute"])
def test_killed_at_every_statement(events: Events, tmp_path: Path, how: str) -> None:
    session = events.session(1)
    refund = events.refund("created", "re_1", 250)
    earlier, event, before, after = {
        "first use": ([], session, [], [PURCHASE]),
        "refund": ([session], refund, [PURCHASE], [PURCHASE, REFUND]),
        "dispute": (
            [session, refund],
            events.dispute("funds_withdrawn", "needs_response", -1000),
            [PURCHASE, REFUND],
            [PURCHASE, REFUND, DISPUTE],
        ),
    }[how]
    results = kill_everywhere(tmp_path, earlier, event, "statements")
    assert len(results) > 15
    assert_exactly_once(results, before, after, earlier=len(earlier))
