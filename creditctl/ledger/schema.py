"""Schema of a ledger file: tables, indexes, append-only triggers, and one migration for each format version."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils.db import Database

APPLICATION_ID = 0x63726374
"""Marks a SQLite file as a ledger of ours ("crct"). Source: SQLite documentation, "PRAGMA application_id"."""

_ENTRIES = """
CREATE TABLE credit_transactions (
    id INTEGER PRIMARY KEY,
    recorded INTEGER NOT NULL,
    created INTEGER NOT NULL,
    user_id TEXT NOT NULL CHECK (length(user_id) BETWEEN 1 AND 200),
    kind TEXT NOT NULL CHECK (kind IN ('purchase', 'refund', 'refund_reversal', 'dispute', 'dispute_reversal',
                                       'adjustment', 'usage')),
    credits INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT,
    payment_key TEXT,
    session_id TEXT,
    object_id TEXT,
    package TEXT,
    idempotency_key TEXT NOT NULL UNIQUE,
    source_event TEXT,
    corrects INTEGER REFERENCES credit_transactions (id),
    account TEXT NOT NULL,
    livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
    note TEXT,
    hash TEXT NOT NULL
) STRICT
"""

PROTECTION = {
    "credit_transactions_no_update": """
    CREATE TRIGGER credit_transactions_no_update BEFORE UPDATE ON credit_transactions
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: correct an entry with another entry'); END
    """,
    "credit_transactions_no_delete": """
    CREATE TRIGGER credit_transactions_no_delete BEFORE DELETE ON credit_transactions
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: entries are never deleted'); END
    """,
    # INSERT OR REPLACE deletes without firing a DELETE trigger, so an insert that would replace is refused as well.
    "credit_transactions_append": """
    CREATE TRIGGER credit_transactions_append BEFORE INSERT ON credit_transactions
    WHEN NEW.id IS NOT (SELECT coalesce(max(id), 0) + 1 FROM credit_transactions)
      OR EXISTS (SELECT 1 FROM credit_transactions WHERE idempotency_key = NEW.idempotency_key)
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: entries are numbered without gaps, keys are unique'); END
    """,
}
"""The triggers that make the entries append-only, by their names."""

_STATEMENTS = (
    "CREATE TABLE ledger_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    _ENTRIES,
    # Serves the balance without touching the table, and a user's history in order of id.
    "CREATE INDEX credit_transactions_user ON credit_transactions (user_id, id, credits)",
    "CREATE INDEX credit_transactions_payment ON credit_transactions (payment_key) WHERE payment_key IS NOT NULL",
    "CREATE INDEX credit_transactions_session ON credit_transactions (session_id) WHERE kind = 'purchase'",
    "CREATE INDEX credit_transactions_object ON credit_transactions (object_id) WHERE kind <> 'purchase'",
    *PROTECTION.values(),
    """
    CREATE TABLE deliveries (
        id INTEGER PRIMARY KEY,
        received INTEGER NOT NULL,
        verified INTEGER NOT NULL CHECK (verified IN (0, 1)),
        event_id TEXT,
        event_type TEXT,
        object_id TEXT,
        outcome TEXT NOT NULL,
        entry_id INTEGER REFERENCES credit_transactions (id),
        reason TEXT,
        size INTEGER,
        digest TEXT
    ) STRICT
    """,
    "CREATE INDEX deliveries_event ON deliveries (event_id) WHERE event_id IS NOT NULL",
    "CREATE INDEX deliveries_unverified ON deliveries (id) WHERE verified = 0",
    """
    CREATE TABLE facts (
        object_id TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('refund', 'dispute')),
        payment_key TEXT NOT NULL,
        charge_id TEXT,
        amount INTEGER NOT NULL,
        currency TEXT NOT NULL,
        status TEXT NOT NULL,
        counted INTEGER NOT NULL,
        created INTEGER NOT NULL,
        observed INTEGER NOT NULL,
        recorded INTEGER NOT NULL,
        source_event TEXT,
        detail TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX facts_payment ON facts (payment_key)",
    """
    CREATE TABLE findings (
        id INTEGER PRIMARY KEY,
        recorded INTEGER NOT NULL,
        code TEXT NOT NULL,
        severity TEXT NOT NULL,
        subject TEXT NOT NULL,
        message TEXT NOT NULL,
        fix TEXT NOT NULL,
        payment_key TEXT,
        source_event TEXT,
        proposal TEXT,
        status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'credited', 'dismissed')),
        reason TEXT,
        resolved INTEGER,
        entry_id INTEGER REFERENCES credit_transactions (id),
        UNIQUE (code, subject)
    ) STRICT
    """,
    """
    CREATE TABLE attestations (
        id INTEGER PRIMARY KEY,
        recorded INTEGER NOT NULL,
        item TEXT NOT NULL,
        person TEXT NOT NULL,
        statement TEXT NOT NULL,
        expires INTEGER
    ) STRICT
    """,
    """
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        started INTEGER NOT NULL,
        finished INTEGER NOT NULL,
        ok INTEGER NOT NULL CHECK (ok IN (0, 1)),
        report TEXT NOT NULL
    ) STRICT
    """,
)


def _first_format(db: Database) -> None:
    for statement in _STATEMENTS:
        db.execute(statement)


Migration = tuple[str, "Callable[[Database], None]"]
"""A name and the step that makes one format out of the one before."""


def _refuses(table: str, change: str, why: str, when: str = "") -> str:
    """A trigger that refuses a change of a table's rows. Shape: `change` is UPDATE or DELETE."""
    return (
        f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} {when} "
        f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
    )


_PROTECTION_OF_THE_REST = (
    _refuses("ledger_meta", "UPDATE", "a ledger belongs to one owner for good"),
    _refuses("ledger_meta", "DELETE", "a ledger belongs to one owner for good"),
    _refuses("facts", "DELETE", "what is known of a refund or dispute stays known"),
    """
    CREATE TRIGGER facts_same_payment BEFORE INSERT ON facts
    WHEN EXISTS (SELECT 1 FROM facts WHERE object_id = NEW.object_id AND payment_key <> NEW.payment_key)
    BEGIN SELECT RAISE(ABORT, 'a refund or dispute belongs to one payment for good'); END
    """,
    _refuses("findings", "DELETE", "a finding is settled, never deleted"),
    _refuses("deliveries", "UPDATE", "a delivery stays as it came"),
    _refuses("deliveries", "DELETE", "only deliveries that nobody vouched for are deleted", "WHEN OLD.verified = 1"),
    _refuses("attestations", "UPDATE", "an attestation stays as it was given"),
    _refuses("attestations", "DELETE", "an attestation stays as it was given"),
    _refuses("runs", "UPDATE", "a run stays as it was"),
    _refuses("runs", "DELETE", "a run stays as it was"),
)


def _protection_of_every_table(db: Database) -> None:
    for statement in _PROTECTION_OF_THE_REST:
        db.execute(statement)


_SIGHTINGS_AND_ALERTS = (
    """
    CREATE TABLE sightings (
        code TEXT NOT NULL,
        subject TEXT NOT NULL,
        severity TEXT NOT NULL,
        message TEXT NOT NULL,
        fix TEXT NOT NULL,
        payment_key TEXT,
        credits INTEGER NOT NULL,
        amount INTEGER NOT NULL,
        currency TEXT,
        first_seen INTEGER NOT NULL,
        ended INTEGER,
        told INTEGER,
        tries INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (code, subject)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX sightings_open ON sightings (code, subject) WHERE ended IS NULL",
    """
    CREATE TABLE alerts (
        id INTEGER PRIMARY KEY,
        recorded INTEGER NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('new', 'clear')),
        findings INTEGER NOT NULL,
        outcome TEXT NOT NULL CHECK (outcome IN ('sending', 'sent', 'refused', 'unconfirmed'))
    ) STRICT
    """,
    _refuses("alerts", "DELETE", "what was sent stays known"),
)


def _sightings_and_alerts(db: Database) -> None:
    for statement in _SIGHTINGS_AND_ALERTS:
        db.execute(statement)


_DISMISSALS = (
    *(f"ALTER TABLE findings ADD COLUMN {column}" for column in ("credits INTEGER", "amount INTEGER")),
    *(f"ALTER TABLE findings ADD COLUMN {column} TEXT" for column in ("currency", "direction")),
    """
    CREATE TABLE dismissals (
        id INTEGER PRIMARY KEY,
        finding_id INTEGER NOT NULL REFERENCES findings (id),
        recorded INTEGER NOT NULL,
        reason TEXT NOT NULL,
        credits INTEGER,
        amount INTEGER,
        currency TEXT,
        direction TEXT
    ) STRICT
    """,
    "CREATE INDEX dismissals_finding ON dismissals (finding_id)",
    _refuses("dismissals", "DELETE", "what a person dismissed stays known"),
    # What was at stake when a run saw it last. A finding that was never seen with a stake says so by NULL: the next
    # run that compares everything notes it.
    """
    UPDATE findings SET (credits, amount, currency) = (
        SELECT credits, amount, currency FROM sightings
        WHERE sightings.code = findings.code AND sightings.subject = findings.subject
    )
    WHERE EXISTS (
        SELECT 1 FROM sightings
        WHERE sightings.code = findings.code AND sightings.subject = findings.subject AND (credits > 0 OR amount > 0)
    )
    """,
    """
    UPDATE findings SET credits = json_extract(proposal, '$.credits'), amount = json_extract(proposal, '$.amount'),
                        currency = json_extract(proposal, '$.currency')
    WHERE credits IS NULL AND json_extract(proposal, '$.credits') IS NOT NULL
    """,
    """
    INSERT INTO dismissals (finding_id, recorded, reason, credits, amount, currency)
    SELECT id, coalesce(resolved, recorded), coalesce(reason, ''), credits, amount, currency
    FROM findings WHERE status = 'dismissed' ORDER BY id
    """,
)


def _dismissals_with_their_stakes(db: Database) -> None:
    for statement in _DISMISSALS:
        db.execute(statement)


MIGRATIONS: tuple[Migration, ...] = (
    ("0001_first_format", _first_format),
    ("0002_protection_of_every_table", _protection_of_every_table),
    ("0003_sightings_and_alerts", _sightings_and_alerts),
    ("0004_dismissals_with_their_stakes", _dismissals_with_their_stakes),
)
"""The way to the current format; the order and the names never change."""

FORMAT_VERSION = len(MIGRATIONS)
"""The format that this program writes; it stands in the file as `PRAGMA user_version`."""


def upgrade(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    """Brings a file to the current format, inside the caller's transaction."""
    from sqlite_utils import Database, Migrations

    # Its own default would change what INSERT OR REPLACE does on this connection, and on no other.
    database = Database(connection, recursive_triggers=False)
    steps = Migrations("ledger")
    for name, step in migrations:
        steps(name=name)(step)
    steps.apply(database)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(migrations)}")
