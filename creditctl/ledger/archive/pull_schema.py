"""Tables of a pull in an archive: what Stripe's lists showed, how far they were read, and a first reading under way.

They are made at the first pull, and leave the archive's format as it is.
"""

from __future__ import annotations

import sqlite3

_STATEMENTS = (
    # `body` holds the fields that are kept of an object, JSON, compressed; `open` is read again until it is final.
    """
    CREATE TABLE IF NOT EXISTS pulled (
        seq INTEGER PRIMARY KEY,
        list TEXT NOT NULL,
        id TEXT NOT NULL,
        created INTEGER NOT NULL,
        payment TEXT,
        open INTEGER NOT NULL,
        body BLOB NOT NULL,
        UNIQUE (list, id)
    ) STRICT
    """,
    "CREATE INDEX IF NOT EXISTS pulled_order ON pulled (list, created)",
    "CREATE INDEX IF NOT EXISTS pulled_open ON pulled (list, created) WHERE open",
    # Line items never change once a session is finished, and are read only where nothing else says what was sold.
    """
    CREATE TABLE IF NOT EXISTS pulled_items (session TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID
    """,
    # Up to where each list was read and tied out; only then is a row here.
    "CREATE TABLE IF NOT EXISTS pull_marks (list TEXT PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    # The one row: which fields are kept, when Stripe was last read, whether all that is here ties out, and whether a
    # reading of everything is under way; of that one the slices that are left, and what it has seen.
    """
    CREATE TABLE IF NOT EXISTS pull_state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        layout INTEGER NOT NULL,
        at INTEGER NOT NULL,
        tied INTEGER NOT NULL,
        whole INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE IF NOT EXISTS pull_slices (list TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER) STRICT
    """,
    """
    CREATE TABLE IF NOT EXISTS pull_seen (list TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (list, id))
    STRICT, WITHOUT ROWID
    """,
)


def create(connection: sqlite3.Connection) -> None:
    """Makes the tables where they are not there yet, inside the caller's transaction."""
    for statement in _STATEMENTS:
        connection.execute(statement)


def exists(connection: sqlite3.Connection) -> bool:
    """Whether anything was ever pulled into this archive."""
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'pull_seen'"
    return connection.execute(query).fetchone() is not None
