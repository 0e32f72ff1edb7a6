"""File locks (flock) beside a file: one process at a time does a thing, and a killed one leaves no lock behind."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from creditctl.core.errors import LockHeld

_RETRY_SECONDS = 0.05


@contextmanager
def hold_lock(path: Path, what: str, *, wait_seconds: float = 0) -> Iterator[None]:
    """Holds a lock file; the system lets go of it when the process ends, however it ends.

    Shape:  `what` is what goes on under the lock, as a sentence's subject: "An archive run".
    Errors: LockHeld where another process still holds it after `wait_seconds`: at once for what a cron job starts,
            because its next run comes anyway.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _locked(descriptor, wait_seconds):
            raise LockHeld(
                f"{what} is going on already ({path.name}).",
                code="lock.held",
                fix="Wait for it to end; a run that was killed leaves no lock behind.",
            )
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int, wait_seconds: float) -> bool:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_RETRY_SECONDS)
        else:
            return True
