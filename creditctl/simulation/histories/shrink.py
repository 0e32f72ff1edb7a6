"""Shrinking of a failing history: steps are left out as long as it still fails, so that the smallest story is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from creditctl.simulation.histories.generate import is_possible
from creditctl.simulation.scenarios.steps import Step

Fails = Callable[[tuple[Step, ...]], bool]


def shrink(steps: Sequence[Step], fails: Fails, *, most_tries: int = 40) -> tuple[Step, ...]:
    """The fewest steps found that still fail. Shape: `fails` plays steps anew, `most_tries` times at most."""
    kept, tries, place = tuple(steps), 0, 0
    while place < len(kept) and tries < most_tries:
        candidate = _without(kept, place)
        if candidate and is_possible(candidate):
            tries += 1
            if fails(candidate):
                kept = candidate
                continue
        place += 1
    return kept


def _without(steps: tuple[Step, ...], place: int) -> tuple[Step, ...]:
    """Without one step, and without what is impossible once it is gone."""
    remaining: list[Step] = []
    for index, step in enumerate(steps):
        if index != place and is_possible((*remaining, step)):
            remaining.append(step)
    return tuple(remaining)
