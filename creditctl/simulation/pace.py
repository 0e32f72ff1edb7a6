"""Pace of a simulation: how long to wait for credits, and how long for none, measured on the backend at hand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_POLL_SECONDS = 0.02
_LONGEST_POLL_SECONDS = 0.25
_QUIET_AT_LEAST, _QUIET_AT_MOST = 0.08, 5.0
_PATIENCE_UNMEASURED = 10.0
_PATIENCE_AT_LEAST, _PATIENCE_AT_MOST = 4.0, 30.0
_MOVED_AT_LEAST = 2.0


@dataclass
class Pace:
    """Waiting times that scale with the longest lag seen between an answered webhook and its credits.

    Shape: `limit_seconds` bounds one wait, from `--timeout`; `monotonic` and `sleep` are the real ones or a test's.
    """

    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    limit_seconds: float = 30.0
    lag_seconds: float = 0.0
    measured: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note_lag(self, seconds: float) -> None:
        """Remembers how long credits took after the last webhook was answered."""
        with self._lock:
            self.lag_seconds = max(self.lag_seconds, seconds)
            self.measured = True

    @property
    def quiet_seconds(self) -> float:
        """How long nothing may happen before a balance counts as final."""
        return min(max(4 * self.lag_seconds, _QUIET_AT_LEAST), _QUIET_AT_MOST, self.limit_seconds)

    @property
    def patience_seconds(self) -> float:
        """How long to wait for a change that must come, once all webhooks are answered; long before it was measured."""
        if not self.measured:
            return min(_PATIENCE_UNMEASURED, self.limit_seconds)
        return min(max(10 * self.lag_seconds, _PATIENCE_AT_LEAST), _PATIENCE_AT_MOST, self.limit_seconds)

    @property
    def moved_seconds(self) -> float:
        """How long to wait for the right balance once it has moved to a wrong one."""
        return max(self.quiet_seconds, _MOVED_AT_LEAST) if self.measured else _MOVED_AT_LEAST

    def ticks(self, seconds: float) -> Iterator[float]:
        """The seconds gone, at once and then again and again with growing pauses until the time is over."""
        start, pause = self.monotonic(), _POLL_SECONDS
        while (gone := self.monotonic() - start) < seconds:
            yield gone
            self.sleep(min(pause, max(seconds - gone, 0.001)))
            pause = min(pause * 1.3, _LONGEST_POLL_SECONDS)
        yield self.monotonic() - start
