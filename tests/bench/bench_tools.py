"""What the bench files share: rows, medians, and a do-nothing server to measure against."""

from __future__ import annotations

import re
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One line of the table. Shape: `ratio` is ours to theirs, as the goal words it."""

    measured: str
    against: str
    ours: str
    theirs: str
    ratio: float
    goal: str


def part(number: int, share: float, least: int = 1) -> int:
    """How much of a full measurement is done: a share of it, and never less than the least that means something."""
    return max(least, round(number * share))


def median_seconds(action: Callable[[], object], rounds: int) -> float:
    """The median time that one call takes."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def alternate(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median seconds of two actions, taken in turns so that a noisy machine disturbs both alike."""
    first, second = [], []
    for _ in range(rounds):
        first.append(median_seconds(ours, 1))
        second.append(median_seconds(theirs, 1))
    return statistics.median(first), statistics.median(second)


def per_second(seconds_per_batch: float, batch: int) -> float:
    """Requests a second, from the median time of a batch."""
    return batch / seconds_per_batch


def peak_megabytes() -> float:
    """The most memory that this process has held.

    Shape: where Linux says it, since this program was started: `ru_maxrss` begins with what the parent held, for a
           child shares its memory until it starts a program.
    Source: Linux manual pages, getrusage(2) and proc(5), "VmHWM".
    """
    status = Path("/proc/self/status")
    said = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE) if status.exists() else None
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss if said is None else int(said[1])
    return kilobytes / 1024
