"""Concurrent calls for scenarios about races: all of them leave at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_MOST_SECONDS = 60
"""Where not every thread could be started, those that wait for it end."""


def all_at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """What each of some calls gives, in their order; none begins before every thread is there.

    A thread that starts alone has its answer before the next one asks, and a backend with a race passes.

    Errors: what the first of the calls raises.
    """
    if not calls:
        return []
    ready = threading.Barrier(len(calls))

    def leave(call: Callable[[], T]) -> T:
        ready.wait(_MOST_SECONDS)
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(leave, calls))
