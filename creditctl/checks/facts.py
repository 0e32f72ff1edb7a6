"""Facts of one run of checks: each is read once, by whoever asks first, and shared; the others wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, TypeVar

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
                _read_into(future, read)
            found: Fact = future.result()
        finally:
            waiting.remove(name)
        return found

    def awaited_by(self, thread: int) -> str:
        """What a thread waits for: the innermost fact that it asked for, empty where it asked for none."""
        with self._lock:
            waiting = self._awaited.get(thread)
            return waiting[-1] if waiting else ""


def _read_into(future: Future[Any], read: Callable[[], object]) -> None:
    """Reads a fact for everybody. Whatever is raised is theirs, too: nobody may wait for ever."""
    try:
        future.set_result(read())
    except BaseException as error:  # noqa: BLE001 - raised again by result(), here and wherever it is waited for
        future.set_exception(error)


def run_side_by_side(jobs: list[Callable[[], Fact]], seconds: float) -> list[Fact | threading.Thread]:
    """Runs jobs side by side for a time; in place of what is not done by then stands the thread that goes on.

    Shape: nothing can stop a thread that waits for a network, so they are daemons: they end with the process.
    """
    futures: list[Future[Fact]] = [Future() for _ in jobs]
    threads = [
        threading.Thread(target=_read_into, args=(future, job), daemon=True)
        for future, job in zip(futures, jobs, strict=True)
    ]
    for thread in threads:
        thread.start()
    wait(futures, timeout=seconds)
    return [future.result() if future.done() else thread for future, thread in zip(futures, threads, strict=True)]
