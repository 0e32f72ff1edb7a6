"""Write transactions of SQLite: all of it is in the file at the end, or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def write_transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One write transaction, begun at once (BEGIN IMMEDIATE); waits for others as long as the connection does."""
    connection.execute("BEGIN IMMEDIATE")
    with committed(connection):
        yield


@contextmanager
def committed(connection: sqlite3.Connection) -> Iterator[None]:
    """Commits the transaction that is open; rolls it back where anything fails, a stop from the keyboard included."""
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite rolls back by itself after some errors, a full disk for example.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
