"""Locks beside a file: one process at a time does a thing, and a killed one leaves no lock behind."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from creditctl.core.errors import LockHeld


@contextmanager
def hold_lock(path: Path, what: str) -> Iterator[None]:
    """Holds a lock file; the system lets go of it when the process ends, however it ends.

    Shape:  `what` is what goes on under the lock, as a sentence's subject: "An archive run".
    Errors: LockHeld at once, without waiting: the next run of a cron job comes anyway.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockHeld(
                f"{what} is going on already ({path.name}).",
                code="lock.held",
                fix="Wait for it to end; a run that was killed leaves no lock behind.",
            ) from None
        yield
    finally:
        os.close(descriptor)
