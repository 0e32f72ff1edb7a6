"""SQLite connections to one file: one for each thread, all with the same settings."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

ConnectHook = Callable[[sqlite3.Connection], None]
"""Called with every new connection; lets a caller watch or limit it."""


class Connections:
    """Gives each thread its own connection, and closes them all.

    Shape: autocommit, so that transactions are opened and closed in plain sight; foreign keys on; every commit is
           synced to disk before it returns.
    """

    def __init__(self, path: Path, busy_timeout_seconds: float, on_connect: ConnectHook | None) -> None:
        self._path = path
        self._timeout = busy_timeout_seconds
        self._on_connect = on_connect
        self._local = threading.local()
        self._lock = threading.Lock()
        self._all: list[sqlite3.Connection] = []

    def get(self) -> sqlite3.Connection:
        """This thread's connection; a forked child gets a new one."""
        held: tuple[int, sqlite3.Connection] | None = getattr(self._local, "held", None)
        if held is not None and held[0] == os.getpid():
            return held[1]
        connection = self.new()
        self._local.held = (os.getpid(), connection)
        with self._lock:
            self._all.append(connection)
        return connection

    def new(self) -> sqlite3.Connection:
        """A connection that the caller closes."""
        connection = sqlite3.connect(self._path, timeout=self._timeout, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")
            if self._on_connect is not None:
                self._on_connect(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def close(self) -> None:
        """Closes the connections of all threads."""
        with self._lock:
            connections, self._all = self._all, []
            self._local = threading.local()
        for connection in connections:
            connection.close()
