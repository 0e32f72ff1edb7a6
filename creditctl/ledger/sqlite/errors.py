"""Translates SQLite errors to LedgerError with a fix."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from creditctl.core.errors import LedgerError

_SENTENCES = {
    sqlite3.SQLITE_NOTADB: (
        "ledger.not_a_ledger",
        "{path} is not a database.",
        "Name the ledger with CREDITCTL_LEDGER, or move the file away and run `creditctl ledger init`.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "ledger.corrupt",
        "The ledger {path} is damaged.",
        "Restore it from a backup, then run `creditctl reconcile`.",
    ),
    sqlite3.SQLITE_BUSY: (
        "ledger.locked",
        "The ledger {path} is locked by another program; nothing was written.",
        "Find out who holds it open in a long transaction, then try again.",
    ),
    sqlite3.SQLITE_READONLY: (
        "ledger.read_only",
        "The ledger {path} is read-only; nothing was written.",
        "Give this user the right to write the file and its folder.",
    ),
    sqlite3.SQLITE_PERM: (
        "ledger.unopenable",
        "The ledger {path} may not be opened by this user.",
        "Give this user the right to read and write the file and its folder.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "ledger.unopenable",
        "The ledger {path} cannot be opened.",
        "Check that its folder exists and that this user may read and write there.",
    ),
    sqlite3.SQLITE_FULL: (
        "ledger.disk_full",
        "There is no room left for the ledger {path}; nothing was written.",
        "Free some space, then try again.",
    ),
    sqlite3.SQLITE_IOERR: (
        "ledger.input_output",
        "The ledger {path} could not be read or written.",
        "Check the disk and the space on it, then try again.",
    ),
}
_DEFAULT = (
    "ledger.unusable",
    "The ledger {path} cannot be used: {error}.",
    "Run `creditctl ledger verify`; restore a backup if the file is damaged.",
)
_MADE_ANEW = (
    "Move it away, with its -wal and -shm: `creditctl reconcile` reads Stripe's lists again, and "
    "`creditctl events archive` the events of the last 30 days."
)
_OF_ARCHIVES = {
    sqlite3.SQLITE_NOTADB: ("archive.not_an_archive", "{path} is not a database.", _MADE_ANEW),
    sqlite3.SQLITE_CORRUPT: ("archive.corrupt", "The archive {path} is damaged; the ledger is not.", _MADE_ANEW),
}
"""What is otherwise with the archive: it is no money, and is not restored but made anew."""


@contextmanager
def translated(path: Path, *, archive: bool = False) -> Iterator[None]:
    """Turns every error of SQLite inside into a LedgerError, and what is no text to it.

    Shape:  with `archive` it is about the file beside a ledger, which can be made anew.
    Source: SQLite documentation, "Result and Error Codes": the lowest eight bits are the primary code.
    """
    try:
        yield
    except sqlite3.Error as error:
        primary = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        raise _ledger_error(path, primary, error, archive=archive) from error
    except UnicodeEncodeError as error:
        raise LedgerError(
            f"A text holds half of a surrogate pair, which no database keeps; nothing was written to {path}.",
            code="ledger.text",
            fix="Correct it where it comes from, then run the same command again.",
        ) from error


def locked(path: Path) -> LedgerError:
    """The error for others that have been writing for too long."""
    return _ledger_error(path, sqlite3.SQLITE_BUSY)


def damaged_archive(path: Path) -> LedgerError:
    """The error for an archive that lacks what every archive has."""
    return _ledger_error(path, sqlite3.SQLITE_CORRUPT, archive=True)


def unopenable(path: Path) -> LedgerError:
    """The error for a file that the system will not let this user make or open."""
    return _ledger_error(path, sqlite3.SQLITE_CANTOPEN)


def _ledger_error(
    path: Path, primary: int, error: sqlite3.Error | None = None, *, archive: bool = False
) -> LedgerError:
    code, message, fix = _SENTENCES.get(primary, _DEFAULT)
    if archive:
        unknown = _MADE_ANEW if primary not in _SENTENCES else fix
        code, message, fix = _OF_ARCHIVES.get(primary, (code, message.replace("ledger {", "archive {"), unknown))
    return LedgerError(message.format(path=path, error=error), code=code, fix=fix)
