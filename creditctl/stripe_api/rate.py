"""Rate budget: spreads requests over time, so that reading leaves room for production (token bucket, AIMD on 429)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

BURST = 5
"""So many requests may follow each other at once, after a pause."""

_RECOVERY = 1.02
"""After a 429 the rate is halved; each request that follows lets it rise again by so much."""


@dataclass
class RateBudget:
    """Hands out permissions to send, shared by all threads of a run.

    Shape:  a 429 halves the rate, down to one a second, from where it recovers request by request: limits are per
            account, and somebody else is asking too.
    Units:  `rate` in requests a second; `now` and `sleep` in seconds.
    Source: Stripe documentation, "Rate limits": 100 requests a second in live mode, 25 in a sandbox.
    """

    rate: float
    now: Callable[[], float]
    sleep: Callable[[float], None]
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        self._current = self.rate
        self._next = self.now()

    def take(self) -> None:
        """Waits until one more request may be sent."""
        with self._lock:
            now = self.now()
            earliest = max(self._next, now - BURST / self._current)
            self._next = earliest + 1 / self._current
            self._current = min(self.rate, self._current * _RECOVERY)
        if earliest > now:
            self.sleep(earliest - now)

    def slow_down(self) -> None:
        """Halves the rate: Stripe has answered 429."""
        with self._lock:
            self._current = max(1.0, self._current / 2)
