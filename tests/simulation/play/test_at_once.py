"""Calls at once: they overlap, leave together, their answers keep the order, an error comes out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from creditctl.simulation.play.at_once import all_at_once
from tests.support.waiting import patience

Ready = Callable[[], None]


def test_all_are_under_way_together_and_answer_in_order() -> None:
    meeting = threading.Barrier(5)

    def call(number: int, ready: Ready) -> int:
        ready()
        meeting.wait(patience(5))
        return number

    assert all_at_once([partial(call, number) for number in range(5)]) == [0, 1, 2, 3, 4]
    assert all_at_once([]) == []


def test_none_goes_on_before_the_last_is_ready() -> None:
    begun, gone = [], []

    def call(number: int, ready: Ready) -> None:
        begun.append(number)
        ready()
        gone.append(len(begun))
        ready()

    all_at_once([partial(call, number) for number in range(8)])

    assert gone == [8] * 8


def test_who_ends_without_being_ready_is_not_waited_for() -> None:
    ended = threading.Event()

    def fails(ready: Ready) -> str:
        ended.set()
        return "no connection"

    def goes(ready: Ready) -> str:
        assert ended.wait(patience(5))
        ready()
        return "gone"

    assert all_at_once([fails, goes, goes]) == ["no connection", "gone", "gone"]


def test_an_error_of_one_comes_out() -> None:
    with pytest.raises(ZeroDivisionError):
        all_at_once([lambda ready: ready(), lambda ready: 1 // 0])
