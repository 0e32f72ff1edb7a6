"""Periods in which one price sold one number of credits, by what was booked for its sales in their order. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_FEWEST = 3
_CHANGE = 1.5
"""A change costs as much as one and a half bookings that contradict: two in a row are no change yet, three are."""

_MOST_WRONG_PERCENT = 40


@dataclass(frozen=True, slots=True)
class Period:
    """A time in which a price sold `credits`. Units: Unix seconds, half-open; None where it has no end."""

    credits: int
    since: int | None
    until: int | None

    def holds(self, time: int) -> bool:
        """Whether a time is in it."""
        return (self.since is None or time >= self.since) and (self.until is None or time < self.until)


def uncommon(count: int, total: int) -> bool:
    """Whether so many of some bookings are too few to be what was meant."""
    return (total - count) * 100 > total * _MOST_WRONG_PERCENT


def periods_of(booked: Sequence[tuple[int, int]]) -> tuple[Period, ...]:
    """The periods that explain most bookings, each given by its time and its credits; one where nothing changed.

    Shape: what was booked fewer than three times is a fault rather than a price; empty where nothing came so often.
    """
    counts = Counter(credits for _, credits in booked)
    numbers = sorted(credits for credits, count in counts.items() if count >= _FEWEST)
    if not numbers:
        return ()
    ordered = sorted(booked)
    path = _likeliest([credits for _, credits in ordered], numbers)
    turns: list[tuple[int, int]] = []
    for (time, credits), number in zip(ordered, path, strict=True):
        # A price begins with the first sale that was booked by it, and not with a fault just before.
        if credits == number and (not turns or turns[-1][1] != number):
            turns.append((time, number))
    starts: list[int | None] = [None, *(time for time, _ in turns[1:])]
    ends = [*starts[1:], None]
    return tuple(Period(credits, since, until) for (_, credits), since, until in zip(turns, starts, ends, strict=True))


def _likeliest(seen: Sequence[int], numbers: Sequence[int]) -> list[int]:
    """The number that held at each booking: the path with the fewest contradictions and changes (Viterbi)."""
    costs = dict.fromkeys(numbers, 0.0)
    came: list[dict[int, int]] = []
    for each in seen:
        cheapest = min(numbers, key=lambda number: costs[number])
        back = {number: number if costs[number] <= costs[cheapest] + _CHANGE else cheapest for number in numbers}
        costs = {
            number: min(costs[number], costs[cheapest] + _CHANGE) + (each != number)
            for number in numbers
        }  # fmt: skip
        came.append(back)
    path = [min(numbers, key=lambda number: costs[number])]
    for back in reversed(came[1:]):
        path.append(back[path[-1]])
    return path[::-1]
