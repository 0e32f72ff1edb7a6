"""In-process write lock; its waiting and SQLite's busy timeout share one limit."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from creditctl.ledger.sqlite.errors import locked


class WriteLock:
    """Lets one thread write at a time.

    Shape: between threads a lock is fair and instant; SQLite's own waiting, for other processes, polls. Both count
           towards one limit: else each of many threads would begin to wait when the one before it has given up.
    """

    def __init__(self, path: Path, timeout_seconds: float) -> None:
        self._path = path
        self._timeout_seconds = timeout_seconds
        self._lock = threading.RLock()

    @contextmanager
    def held(self, wait_seconds: float | None) -> Iterator[float | None]:
        """Holds the lock; gives how long SQLite may still wait, or None where its own limit holds.

        Errors: LedgerError when nobody could write for so long.
        """
        started = time.monotonic()
        limit = self._timeout_seconds if wait_seconds is None else wait_seconds
        at_once = self._lock.acquire(blocking=False)
        if not at_once and not self._lock.acquire(timeout=limit):
            raise locked(self._path)
        try:
            left = max(0.0, started + limit - time.monotonic())
            yield None if at_once and wait_seconds is None else left
        finally:
            self._lock.release()

    def begin(self, connection: sqlite3.Connection, left_seconds: float | None) -> None:
        """Opens a writing transaction, waiting for other processes no longer than is left."""
        if left_seconds is None:
            connection.execute("BEGIN IMMEDIATE")
            return
        _set_busy_timeout(connection, left_seconds)
        try:
            connection.execute("BEGIN IMMEDIATE")
        finally:
            _set_busy_timeout(connection, self._timeout_seconds)


def _set_busy_timeout(connection: sqlite3.Connection, seconds: float) -> None:
    connection.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
