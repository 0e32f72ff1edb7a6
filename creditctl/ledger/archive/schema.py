"""Tables of an archive file: events, the readings that found them, and the journals of their deliveries."""

from __future__ import annotations

import sqlite3

APPLICATION_ID = 0x6372746D
"""Marks a SQLite file as an archive of ours ("crtm"). Source: SQLite documentation, "PRAGMA application_id"."""

FORMAT_VERSION = 1

STATEMENTS = (
    # The name is that of the first layout, and stands in every file there is.
    "CREATE TABLE mirror_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    # One reading of a list of Stripe's, newest first. The rows of kind 'archive' are the proof that nothing is missing:
    # one with `finished` set saw every event from its floor on.
    """
    CREATE TABLE readings (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('archive', 'read')),
        started INTEGER NOT NULL,
        floor INTEGER,
        cursor TEXT,
        newest INTEGER,
        newest_id TEXT,
        oldest INTEGER,
        anchor_seen INTEGER NOT NULL DEFAULT 0,
        finished INTEGER
    ) STRICT
    """,
    # Bodies that came together are compressed together: events repeat each other, so it saves nine tenths.
    "CREATE TABLE chunks (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT",
    """
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        created INTEGER NOT NULL,
        type TEXT NOT NULL,
        object_id TEXT,
        payment_key TEXT,
        charge_id TEXT,
        user_id TEXT,
        reading INTEGER NOT NULL REFERENCES readings (id),
        chunk INTEGER NOT NULL REFERENCES chunks (id),
        start INTEGER NOT NULL,
        length INTEGER NOT NULL
    ) STRICT
    """,
    # The order of events: Stripe's second, then the reading that found it, then against the order of the list.
    "CREATE INDEX events_order ON events (created, reading, seq DESC)",
    "CREATE INDEX events_object ON events (object_id) WHERE object_id IS NOT NULL",
    "CREATE INDEX events_payment ON events (payment_key) WHERE payment_key IS NOT NULL",
    "CREATE INDEX events_user ON events (user_id) WHERE user_id IS NOT NULL",
    """
    CREATE TABLE gaps (
        id INTEGER PRIMARY KEY,
        since INTEGER NOT NULL,
        until INTEGER NOT NULL,
        noticed INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE replays (
        id INTEGER PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        target TEXT NOT NULL,
        started INTEGER NOT NULL,
        finished INTEGER
    ) STRICT
    """,
    "CREATE INDEX replays_open ON replays (fingerprint) WHERE finished IS NULL",
    """
    CREATE TABLE replay_items (
        replay INTEGER NOT NULL REFERENCES replays (id),
        position INTEGER NOT NULL,
        event_id TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sending', 'accepted', 'failed', 'skipped')),
        tries INTEGER NOT NULL DEFAULT 0,
        answer TEXT,
        PRIMARY KEY (replay, position)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE TABLE listeners (target TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    """
    CREATE TABLE forwards (
        target TEXT NOT NULL,
        event_id TEXT NOT NULL,
        at INTEGER NOT NULL,
        created INTEGER NOT NULL,
        answer TEXT NOT NULL,
        PRIMARY KEY (target, event_id)
    ) STRICT, WITHOUT ROWID
    """,
)


def create(connection: sqlite3.Connection, account: str, livemode: bool) -> None:
    """Makes the tables of a new archive, inside the caller's transaction."""
    for statement in STATEMENTS:
        connection.execute(statement)
    owner = (("account", account), ("livemode", str(int(livemode))))
    connection.executemany("INSERT INTO mirror_meta (key, value) VALUES (?, ?)", owner)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
