"""One reconciliation of a ledger at a time, also between processes and after a crash."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from creditctl.core.errors import LockHeld


@contextmanager
def only_one(ledger_path: Path) -> Iterator[None]:
    """Holds the lock beside a ledger; the system lets go of it when the process ends, however it ends.

    Errors: LockHeld at once, without waiting: the next run of a cron job comes anyway.
    """
    path = ledger_path.with_name(f"{ledger_path.name}-reconcile.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockHeld(
                f"Another reconciliation of {ledger_path.name} is running.",
                code="reconcile.locked",
                fix="Wait for it to end; a run that was killed leaves no lock behind.",
            ) from None
        yield
    finally:
        os.close(descriptor)
