"""Facts of one run of checks: each is read once, by whoever asks first, and shared; the others wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from creditctl.provisioning.probing.side_by_side import read_into

Fact = TypeVar("Fact")


class Facts:
    """Facts by name, for checks that run side by side.

    Shape: what reading one raises is raised to everybody who asks for it.
    """

    def __init__(self) -> None:
        self._known: dict[str, Future[Any]] = {}
        self._lock = threading.Lock()
        self._awaited: dict[int, list[str]] = {}

    def get(self, name: str, read: Callable[[], Fact]) -> Fact:
        """A fact, read now if nobody has read it yet. Errors: those of `read`."""
        with self._lock:
            known = self._known.get(name)
            future: Future[Any] = Future() if known is None else known
            self._known[name] = future
            waiting = self._awaited.setdefault(threading.get_ident(), [])
        waiting.append(name)
        try:
            if known is None:
                read_into(future, read)
            found: Fact = future.result()
        finally:
            waiting.remove(name)
        return found

    def begin(self, name: str, read: Callable[[], object]) -> None:
        """Begins to read a fact aside; what reading it raises is raised to whoever asks for it."""
        with self._lock:
            future: Future[Any] = Future()
            if self._known.setdefault(name, future) is not future:
                return
        threading.Thread(target=read_into, args=(future, read), daemon=True).start()

    @property
    def names(self) -> tuple[str, ...]:
        """The facts that somebody asked for or began to read."""
        with self._lock:
            return tuple(self._known)

    def awaited_by(self, thread: int) -> str:
        """What a thread waits for: the innermost fact that it asked for, empty where it asked for none."""
        with self._lock:
            waiting = self._awaited.get(thread)
            return waiting[-1] if waiting else ""
