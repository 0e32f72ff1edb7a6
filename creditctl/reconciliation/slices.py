"""Slices of a list: half-open stretches of time that are read at once, and cut where one of them is long. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from creditctl.ledger.archive.pull_models import PullSlice

MOST_PARTS = 6
"""In so many parts the rest of a long slice is cut, each older one twice as long as the one before."""


def everything(lists: Sequence[str]) -> list[PullSlice]:
    """All of each list."""
    return [PullSlice(path, 0, None) for path in lists]


def rest_of(read: PullSlice, newest: int, oldest: int) -> list[PullSlice]:
    """What of a slice is left after its newest part was read down to `oldest`, cut into parts to be read at once.

    Shape: newest first; the second in which the reading stopped is read again, for there may be more in it. How many
           objects an older stretch holds nobody knows, so the parts grow: each that is long is cut again.
    """
    top, length = oldest + 1, max(1, newest - oldest)
    parts: list[PullSlice] = []
    for _ in range(MOST_PARTS - 1):
        floor = top - length
        if floor <= read.since:
            break
        parts.append(PullSlice(read.list, floor, top))
        top, length = floor, 2 * length
    return [*parts, PullSlice(read.list, read.since, top)]
