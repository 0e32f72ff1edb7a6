"""Concurrent calls for scenarios about races: all of them leave at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_MOST_SECONDS = 3.0
"""Where a call cannot get ready (a server that takes one connection at a time), the others leave without it."""


class _StartLine:
    """A start line for calls: whoever is ready waits here for the rest."""

    def __init__(self, expected: int) -> None:
        self._missing = expected
        self._changed = threading.Condition()

    def count(self) -> None:
        """One call less to wait for."""
        with self._changed:
            self._missing -= 1
            self._changed.notify_all()

    def wait(self) -> None:
        """Waits until every call is counted, for a bounded time."""
        with self._changed:
            self._changed.wait_for(lambda: self._missing <= 0, _MOST_SECONDS)


def all_at_once(calls: Sequence[Callable[[Callable[[], None]], T]]) -> list[T]:
    """What each of some calls gives, in their order; none goes on from where it is ready before all are ready.

    A call that leaves alone has its answer before the next one asks, and a backend with a race passes.

    Shape:  each call takes `ready`, and calls it as late as it can: connected, and but for its last bytes sent. One
            that ends without having called it is not waited for.
    Errors: what the first of the calls raises.
    """
    if not calls:
        return []
    line = _StartLine(len(calls))

    def leave(call: Callable[[Callable[[], None]], T]) -> T:
        counted = False

        def ready() -> None:
            nonlocal counted
            if not counted:
                counted = True
                line.count()
                line.wait()

        try:
            return call(ready)
        finally:
            if not counted:
                line.count()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(leave, calls))
