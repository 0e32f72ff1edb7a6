"""Tables of a source in an archive: its rows, the readings that found them, what changed since, cached balances.

They are made at the first reading, and leave the archive's format as it is: who has no source, has no such tables.
"""

from __future__ import annotations

import sqlite3

_STATEMENTS = (
    """
    CREATE TABLE IF NOT EXISTS source_readings (
        id INTEGER PRIMARY KEY,
        whole INTEGER NOT NULL,
        started INTEGER NOT NULL,
        finished INTEGER,
        fingerprint TEXT NOT NULL,
        cursor TEXT,
        rows INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    # Only what judging needs: of the application's row no text, no name, no address is kept.
    """
    CREATE TABLE IF NOT EXISTS source_rows (
        seq INTEGER PRIMARY KEY,
        row_id TEXT NOT NULL UNIQUE,
        created INTEGER NOT NULL,
        owner TEXT,
        user_id TEXT,
        kind TEXT NOT NULL,
        status TEXT NOT NULL,
        credits INTEGER NOT NULL,
        contrary INTEGER NOT NULL,
        amount INTEGER,
        currency TEXT,
        payment_key TEXT,
        object_id TEXT,
        livemode INTEGER,
        corrects TEXT,
        seen INTEGER NOT NULL,
        gone INTEGER
    ) STRICT
    """,
    "CREATE INDEX IF NOT EXISTS source_rows_payment ON source_rows (payment_key) WHERE payment_key IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS source_rows_object ON source_rows (object_id) WHERE object_id IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS source_rows_user ON source_rows (user_id, created)",
    "CREATE INDEX IF NOT EXISTS source_rows_order ON source_rows (created, seq)",
    """
    CREATE TABLE IF NOT EXISTS source_changes (
        id INTEGER PRIMARY KEY,
        row_id TEXT NOT NULL,
        noticed INTEGER NOT NULL,
        before TEXT NOT NULL,
        after TEXT
    ) STRICT
    """,
    """
    CREATE TABLE IF NOT EXISTS source_balances (user_id TEXT PRIMARY KEY, credits INTEGER NOT NULL)
    STRICT, WITHOUT ROWID
    """,
    # From where a reading that had names of users by pairs read its rows: those names count there, and nowhere else.
    "CREATE TABLE IF NOT EXISTS source_places (reading INTEGER PRIMARY KEY, place TEXT NOT NULL) STRICT",
    # Kinds of which a few rows have the opposite sign: where most have it, the column simply has no signs.
    """
    CREATE VIEW IF NOT EXISTS source_contrary AS
    SELECT kind FROM source_rows WHERE gone IS NULL AND status = 'done' AND kind <> 'adjustment'
    GROUP BY kind HAVING sum(contrary) > 0 AND sum(contrary) * 2 < count(*)
    """,
    """
    CREATE VIEW IF NOT EXISTS source_counted AS
    SELECT user_id, CASE WHEN contrary AND kind IN (SELECT kind FROM source_contrary) THEN -credits ELSE credits END
    AS credits FROM source_rows WHERE gone IS NULL AND status = 'done' AND user_id IS NOT NULL
    """,
)


def create(connection: sqlite3.Connection) -> None:
    """Makes the tables where they are not there yet, inside the caller's transaction."""
    for statement in _STATEMENTS:
        connection.execute(statement)


def exists(connection: sqlite3.Connection) -> bool:
    """Whether a source was ever read into this archive."""
    return _has_table(connection, "source_balances")


def has_places(connection: sqlite3.Connection) -> bool:
    """Whether the archive knows from where rows were read: one of an earlier version does not yet."""
    return _has_table(connection, "source_places")


def _has_table(connection: sqlite3.Connection, name: str) -> bool:
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return connection.execute(query, (name,)).fetchone() is not None
