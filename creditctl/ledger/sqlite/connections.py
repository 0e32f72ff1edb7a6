"""SQLite connections to one file: one for each thread, all with the same settings."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from creditctl.ledger.sqlite.standing_file import StandingFile

ConnectHook = Callable[[sqlite3.Connection], object]
"""Called with every new connection; lets a caller watch or limit it."""

_RETRY_SECONDS = 0.05


class _Held:
    """A thread's connection; closed when its thread ends, for servers make new threads all the time.

    Source: SQLite documentation, "How To Corrupt An SQLite Database File", "Carrying an open database connection
            across a fork()": a child neither uses nor closes what it inherits.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._owner = os.getpid()

    @property
    def usable(self) -> bool:
        """Whether this process opened it."""
        return self._owner == os.getpid()

    def __del__(self) -> None:
        if self.usable:
            self.connection.close()
        else:
            _INHERITED.append(self.connection)


_INHERITED: list[sqlite3.Connection] = []


class Connections:
    """Gives each thread its own connection, and closes them all.

    Shape: autocommit, so that transactions are opened and closed in plain sight; foreign keys on; every commit is
           synced to disk before it returns. The file must be there: a missing one is never made again by a thread
           that comes later. `file` tells whether what is open still stands at the path.
    """

    def __init__(self, path: Path, busy_timeout_seconds: float, on_connect: ConnectHook | None) -> None:
        self.file = StandingFile(path)
        self._path = path
        self._timeout = busy_timeout_seconds
        self._on_connect = on_connect
        self._local = threading.local()
        self._lock = threading.Lock()
        self._all: weakref.WeakSet[_Held] = weakref.WeakSet()
        # Kept even when its thread ends: as long as one connection is open, the write-ahead log stays the same file.
        self._first: _Held | None = None

    def get(self) -> sqlite3.Connection:
        """This thread's connection; a forked child gets a new one. Errors: FileMoved."""
        held: _Held | None = getattr(self._local, "held", None)
        if held is None or not held.usable:
            held = self._local.held = self._hold()
        return held.connection

    def first(self) -> sqlite3.Connection:
        """The connection that was made first, whosever it is: for when nobody uses any, and no new one can be made."""
        return self._first.connection if self._first is not None and self._first.usable else self.get()

    def _hold(self) -> _Held:
        with self._lock:
            first = self._first is None or not self._first.usable
            before = self.file.now().main
            held = _Held(self.new())
            self._all.add(held)
            if first:
                # Whatever is read opens the write-ahead log, so that it can be known again.
                held.connection.execute("PRAGMA schema_version").fetchone()
                self._first = held
                self.file.note(before)
            else:
                self.file.require()
            return held

    def new(self) -> sqlite3.Connection:
        """A connection that the caller closes."""
        uri = f"file:{quote(str(self._path))}?mode=rw"
        connection = sqlite3.connect(
            uri, uri=True, timeout=self._timeout, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")
            # A log that is soon written over instead of growing is synced faster; this is a megabyte of small pages.
            connection.execute("PRAGMA wal_autocheckpoint = 1000")
            if self._on_connect is not None:
                self._on_connect(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def close(self) -> None:
        """Closes the connections of all threads."""
        with self._lock:
            for held in list(self._all):
                held.connection.close()
            self._all.clear()
            self._first = None
            self._local = threading.local()


def switch_journal_mode(connection: sqlite3.Connection, mode: Literal["WAL", "DELETE"], wait_seconds: float) -> None:
    """Switches the journal mode of a file; waits for others to close it, because SQLite itself does not wait for this.

    Source: SQLite documentation, "Write-Ahead Logging", section "Activating And Configuring WAL Mode".
    """
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            connection.execute(f"PRAGMA journal_mode = {mode}").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_SECONDS)
        else:
            return
