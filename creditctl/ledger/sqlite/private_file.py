"""Private file: a database that only its owner may read, from its first byte on, whatever the umask says."""

from __future__ import annotations

import os
from pathlib import Path

from creditctl.ledger.sqlite.errors import unopenable

_PRIVATE = 0o600


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
