"""Location of the archive file, and the takeover of a file that an older version named `<ledger>-mirror.db`.

What has to hold whenever a process is killed: one of the two names leads to the whole archive. So the write-ahead log
is first brought into the file (journal mode DELETE), which leaves one file instead of three; that file gets its new
name as a second one (link), which never takes the place of another file; then the old name goes.
"""

from __future__ import annotations

import glob
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from creditctl.atomic_file import SYSTEM, FileCalls, sync_folder
from creditctl.core.errors import LedgerError
from creditctl.ledger.archive.schema import APPLICATION_ID
from creditctl.ledger.sqlite.connections import switch_journal_mode
from creditctl.ledger.sqlite.errors import translated
from creditctl.ledger.sqlite.file_lock import hold_lock

_ENDING, _OLDER_ENDING = "-archive.db", "-mirror.db"

TAKEOVER_WAIT_SECONDS = 10
"""How long a takeover waits for other processes that are at the same file."""


def archive_path(ledger_path: Path) -> Path:
    """Where the archive of a ledger lies: beside it."""
    return ledger_path.with_name(f"{ledger_path.stem}{_ENDING}")


def archive_exists(path: Path) -> bool:
    """Whether there is an archive to open at a path, be it one of an older layout."""
    return path.exists() or _older(path) is not None


def take_over_older(path: Path, *, wait_seconds: float = TAKEOVER_WAIT_SECONDS, calls: FileCalls = SYSTEM) -> None:
    """Gives the archive file of an older layout its name of today, where there is one.

    Errors: LedgerError where there are two archives, the older one is in use, is none of ours, or cannot be renamed:
            nothing is changed then. LockHeld where another process has been at it for too long.
    """
    if _older(path) is None:
        return
    lock = path.with_name(f"{path.name}.takeover.lock")
    try:
        with hold_lock(lock, "Taking over an archive", wait_seconds=wait_seconds):
            # Another process may have done it while this one waited.
            older = _older(path)
            if older is not None:
                _take_over(older, path, wait_seconds, calls)
            lock.unlink(missing_ok=True)
    except OSError as error:
        raise _not_renamed(path, error.strerror or str(error)) from error


def _older(path: Path) -> Path | None:
    """The file of the older layout; an empty one holds nothing and counts as none."""
    if not path.name.endswith(_ENDING):
        return None
    older = _older_name(path)
    try:
        return older if older.stat().st_size else None
    except FileNotFoundError:
        return None


def _older_name(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(_ENDING) + _OLDER_ENDING)


def _take_over(older: Path, path: Path, wait_seconds: float, calls: FileCalls) -> None:
    # Two names of one file are a takeover that was killed between its last two steps.
    if not os.path.lexists(path):
        with _as_one_file(older, path, wait_seconds):
            calls.link(older, path)
            sync_folder(path.parent, calls=calls)
            older.unlink()
    elif path.samefile(older):
        older.unlink()
    else:
        raise _two_archives(older, path)
    sync_folder(path.parent, calls=calls)
    for lock in path.parent.glob(f"{glob.escape(older.name)}.*.lock"):
        lock.unlink(missing_ok=True)


@contextmanager
def _as_one_file(older: Path, path: Path, wait_seconds: float) -> Iterator[None]:
    """Leaves nothing of the archive outside its main file, and lets nobody else into it.

    Source: SQLite documentation, "Write-Ahead Logging": only the sole connection can leave the mode, which checkpoints
            the log and deletes it.
    """
    try:
        with closing(sqlite3.connect(older, timeout=wait_seconds, isolation_level=None)) as connection:
            _require_archive(connection, older)
            switch_journal_mode(connection, "DELETE", wait_seconds)
            connection.execute("BEGIN EXCLUSIVE")
            yield
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise _refused(older, path, error) from error


def _require_archive(connection: sqlite3.Connection, older: Path) -> None:
    with translated(older):
        marker = connection.execute("PRAGMA application_id").fetchone()[0]
    if marker != APPLICATION_ID:
        raise LedgerError(
            f"{older} is a database, but not an archive of creditctl.",
            code="archive.not_an_archive",
            fix="Move the file away; `creditctl events archive` makes a new one.",
        )


def _refused(older: Path, path: Path, error: sqlite3.Error) -> LedgerError:
    primary = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if primary != sqlite3.SQLITE_BUSY:
        return _not_renamed(path, str(error))
    return LedgerError(
        f"The archive {older} has the name of an older layout and is in use; nothing was changed.",
        code="archive.in_use",
        fix="Stop the creditctl that has it open (an older `events listen`, for example), then try again.",
    )


def _not_renamed(path: Path, reason: str) -> LedgerError:
    older = _older_name(path)
    return LedgerError(
        f"The archive {older} has the name of an older layout and could not be renamed to {path.name}: {reason}.",
        code="archive.not_renamed",
        fix="Give this user the right to write the file and its folder, then try again.",
    )


def _two_archives(older: Path, path: Path) -> LedgerError:
    return LedgerError(
        f"There are two archives, {older} of an older layout and {path}; neither was changed.",
        code="archive.two_files",
        fix=f"Keep the one that has your events and move the other away: {older.name} if {path.name} is in use "
        "already. `creditctl events archive` reads again what Stripe still lists.",
    )
