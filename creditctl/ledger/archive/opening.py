"""Opening an archive file: checks format and owner, and makes the tables of a new one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from creditctl.core.errors import GuardRefused, LedgerError
from creditctl.ledger.archive import schema
from creditctl.ledger.opening import use_write_ahead_log
from creditctl.ledger.sqlite.errors import damaged_archive
from creditctl.ledger.sqlite.transactions import write_transaction

BUSY_SECONDS = 30
"""How long a writer waits for another."""


def tune(connection: sqlite3.Connection) -> None:
    """Settings of a connection (PRAGMAs): a lost power supply may cost the last commits, which are read or sent again.

    Source: SQLite documentation, "PRAGMA synchronous": NORMAL keeps a database in WAL mode consistent.
    """
    connection.execute("PRAGMA synchronous = NORMAL")
    # Rarer checkpoints (32 MB of log): each syncs and rewrites the indexes, which took half of a long archive run.
    connection.execute("PRAGMA wal_autocheckpoint = 8000")


def prepare(connection: sqlite3.Connection, path: Path, account: str | None, livemode: bool | None) -> None:
    """Makes a connection's file an archive of the account and mode, or proves that it is one.

    Errors: LedgerError, GuardRefused.
    """
    # Asked first: if another process makes the archive right now, its tables and its mark come to light together.
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    marker = connection.execute("PRAGMA application_id").fetchone()[0]
    if marker != schema.APPLICATION_ID and not empty:
        raise LedgerError(
            f"{path} is a database, but not an archive of creditctl.",
            code="archive.not_an_archive",
            fix="Move the file away; `creditctl events archive` makes a new one.",
        )
    _require_known_format(connection, path)
    if empty:
        _create(connection, path, account, livemode)
    _require_owner(connection, path, account, livemode)
    # One that was taken over from an older layout left the mode for that, and may have been killed before it was back.
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        use_write_ahead_log(connection, BUSY_SECONDS)


def no_archive(path: Path) -> LedgerError:
    """The error where there is no archive and none may be made."""
    return LedgerError(
        f"There is no archive at {path}.", code="archive.missing", fix="Run `creditctl events archive` first."
    )


def _require_known_format(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > schema.FORMAT_VERSION:
        raise LedgerError(
            f"The archive {path} has format {version}; this creditctl knows formats up to {schema.FORMAT_VERSION}.",
            code="archive.newer",
            fix="Upgrade creditctl on this machine.",
        )


def _create(connection: sqlite3.Connection, path: Path, account: str | None, livemode: bool | None) -> None:
    if account is None or livemode is None:
        raise no_archive(path)
    use_write_ahead_log(connection, BUSY_SECONDS)
    with write_transaction(connection):
        # Another process may have been first.
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            schema.create(connection, account, livemode)


def _require_owner(connection: sqlite3.Connection, path: Path, account: str | None, livemode: bool | None) -> None:
    meta = dict(connection.execute("SELECT key, value FROM mirror_meta").fetchall())
    if not {"account", "livemode"} <= meta.keys():
        raise damaged_archive(path)
    other_account = account is not None and meta["account"] != account
    other_mode = livemode is not None and meta["livemode"] != str(int(livemode))
    if other_account or other_mode:
        words = {"1": "live", "0": "test"}
        raise GuardRefused(
            f"The archive {path} belongs to account {meta['account']} in {words[meta['livemode']]} mode, and the key "
            "does not.",
            code="archive.other_account",
            fix="Name the ledger of this account and mode with CREDITCTL_LEDGER; the archive lies beside it.",
        )
