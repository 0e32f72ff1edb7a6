"""Test clock: stands still at `NOW` until a test moves it."""

from __future__ import annotations

from dataclasses import dataclass

NOW = 1_790_000_000
"""21 September 2026, 14:13:20 UTC, in Unix seconds: when every test begins."""


@dataclass
class Clock:
    """A clock that moves only when a test moves it. Units: Unix seconds."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Moves on at once, by one second at least, where the program would wait."""
        self.now += max(1, round(seconds))
