"""Private file: a database that only its owner may read, from its first byte on, whatever the umask says."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from creditctl.ledger.sqlite.errors import unopenable

_PRIVATE = 0o600
_OTHERS = 0o077
_ENDINGS = ("", "-wal", "-shm")


def make_private(path: Path) -> None:
    """Makes an empty file for SQLite where there is none: itself it would let others read it.

    Shape:  write-ahead log and shared memory get the mode of the file.
    Errors: LedgerError where it cannot be made.
    Source: SQLite documentation, "Temporary Files Used By SQLite"; os_unix.c, findCreateFileMode.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE))
    except FileExistsError:
        return
    except OSError as error:
        raise unopenable(path) from error


def tighten(path: Path) -> None:
    """Takes from others what they may do with a file of ours and its write-ahead log; files of others stay as they are.

    Shape: by their names, never by opening them: closing a database file would drop SQLite's locks on it.
    """
    for each in (Path(f"{path}{ending}") for ending in _ENDINGS):
        # A log goes with the last that has the file open, at any moment.
        with suppress(OSError):
            if others_may(each) and each.stat().st_uid == os.geteuid():
                each.chmod(stat.S_IMODE(each.stat().st_mode) & ~_OTHERS)


def others_may(path: Path) -> bool:
    """Whether anybody but its owner may do something with an ordinary file."""
    try:
        status = path.stat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and bool(status.st_mode & _OTHERS)
