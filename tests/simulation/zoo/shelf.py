"""The shelf of a zoo backend: a few SQLite tables, in memory or in a file."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SCHEMA = """
create table if not exists entries (key text primary key, user text not null, credits integer not null);
create table if not exists payments (payment text primary key, user text, credits integer, charged integer);
create table if not exists returns (id text primary key, payment text, amount integer);
create table if not exists taken (payment text primary key, credits integer);
create table if not exists seen (id text primary key);
create table if not exists queue (id integer primary key, event text);
create table if not exists sessions (id text primary key, user text, package integer);
"""


class Shelf:
    """One connection, one lock: everything in `writing` is one transaction."""

    def __init__(self, path: str = ":memory:") -> None:
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        self._db.executescript(SCHEMA)
        self._lock = threading.RLock()

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def run(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def one(self, sql: str, *values: Any) -> Any:
        rows = self.run(sql, *values)
        return rows[0][0] if rows else None

    def close(self) -> None:
        self._db.close()
