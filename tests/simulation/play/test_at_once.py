"""Calls at once: they overlap, their answers keep the order, an error comes out."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from creditctl.simulation.play.at_once import all_at_once
from tests.support.waiting import patience


def test_all_are_under_way_together_and_answer_in_order() -> None:
    meeting = threading.Barrier(5)

    def call(number: int) -> int:
        meeting.wait(patience(5))
        return number

    assert all_at_once([partial(call, number) for number in range(5)]) == [0, 1, 2, 3, 4]
    assert all_at_once([]) == []


def test_an_error_of_one_comes_out() -> None:
    with pytest.raises(ZeroDivisionError):
        all_at_once([lambda: 1 // 1, lambda: 1 // 0])
