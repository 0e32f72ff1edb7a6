"""Time limits for tests that scale with the load of the machine: as green when it is busy as when it is idle.

A limit is written for an idle machine. Where four programs share a CPU, time counts a quarter of what the clock says.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import AnyStr, TypeVar

T = TypeVar("T")

_MOST = 50.0
_SLICE_SECONDS = 0.5
_TO_COME = 2.0
"""A number that is given away once cannot follow the load: it may double before the wait is over."""


def busyness() -> float:
    """How many programs share one CPU, now or on average over the last minute; never below 1."""
    return min(_MOST, max(1.0, _runnable() / _cpus(), os.getloadavg()[0] / _cpus()))


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _runnable() -> float:
    """Source: proc(5), /proc/loadavg: the fourth field is "currently runnable / existing" scheduling entities."""
    try:
        return float(Path("/proc/loadavg").read_text().split()[3].partition("/")[0])
    except (OSError, IndexError, ValueError):
        return 0.0


def patience(seconds: float) -> float:
    """A limit in seconds for libraries that take a number: as long as the machine is busy now, and as it may get.

    Every worker of pytest may be at work a moment later, however idle the machine is now. It is for waits that end by
    themselves; that something does not take long is proven in another way.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return seconds * _TO_COME * max(busyness(), workers / _cpus())


class Deadline:
    """A limit that is looked at again and again; each look counts the time since the last by the load just then."""

    def __init__(
        self,
        seconds: float,
        *,
        now: Callable[[], float] = time.monotonic,
        busy: Callable[[], float] = busyness,
    ) -> None:
        self.left = seconds
        self._now, self._busy = now, busy
        self._looked = now()

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        now = self._now()
        self.left -= (now - self._looked) / self._busy()
        self._looked = now
        return self.left <= 0


def wait_until(
    condition: Callable[[], T], seconds: float, *, every: float = 0.02, otherwise: Callable[[], object] = str
) -> T:
    """Looks until the condition holds, and returns what it said.

    Errors: AssertionError with what `otherwise` says when the time is up.
    """
    deadline = Deadline(seconds)
    while not (found := condition()):
        assert not deadline.passed, f"not within {seconds} s of an idle machine: {otherwise()}"
        time.sleep(every)
    return found


def finish(process: subprocess.Popen[AnyStr], seconds: float) -> tuple[AnyStr, AnyStr]:
    """What a process said on stdout and stderr, once it has ended; one that does not end is killed.

    Errors: subprocess.TimeoutExpired.
    """
    deadline = Deadline(seconds)
    while True:
        try:
            return process.communicate(timeout=_SLICE_SECONDS)
        except subprocess.TimeoutExpired:
            if deadline.passed:
                process.kill()
                process.communicate()
                raise


def exit_of(process: subprocess.Popen[AnyStr], seconds: float) -> int:
    """The exit code of a process whose output nobody reads; one that does not end is killed.

    Errors: subprocess.TimeoutExpired.
    """
    deadline = Deadline(seconds)
    while True:
        try:
            return process.wait(timeout=_SLICE_SECONDS)
        except subprocess.TimeoutExpired:
            if deadline.passed:
                process.kill()
                process.wait()
                raise


def run_process(
    command: Sequence[str],
    seconds: float,
    *,
    stdin: str = "",
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end, its output as text.

    Errors: subprocess.TimeoutExpired.
    """
    pipe = subprocess.PIPE
    given = pipe if stdin else subprocess.DEVNULL
    with subprocess.Popen(command, stdin=given, stdout=pipe, stderr=pipe, text=True, cwd=cwd, env=env) as process:
        if process.stdin is not None:
            process.stdin.write(stdin)
            process.stdin.close()
            process.stdin = None
        out, err = finish(process, seconds)
    return subprocess.CompletedProcess(command, process.returncode, out, err)
