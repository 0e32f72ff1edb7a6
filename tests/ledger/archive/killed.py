"""What a process does that is killed in the middle of it; run by test_location in processes of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from creditctl.atomic_file import FileCalls
from creditctl.ledger.archive.location import take_over_older
from creditctl.ledger.archive.models import EventRecord
from creditctl.ledger.archive.store import Archive

_OPEN: list[Archive] = []


def kill() -> None:
    """Ends this process at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def fill(path: str, *, close: bool) -> None:
    """Makes an archive with events in it, and leaves it open where that is wanted."""
    archive = Archive.open(Path(path), account="acct_1", livemode=False)
    page = [EventRecord(f"evt_{n}", n, "charge.refunded", None, None, None, None, b"{}") for n in range(30)]
    archive.store(archive.begin("read", 1, None), page, finished=1)
    _OPEN.append(archive)
    if close:
        archive.close()


def take_over(path: str, step: str) -> None:
    """Takes an older archive over, until the step at which the process is killed."""
    take_over_older(Path(path), calls=FileCalls(link=_link(step), fsync=_fsync(step)))


def _link(step: str) -> Callable[[Path, Path], None]:
    def link(source: Path, target: Path) -> None:
        if step == "before_link":
            kill()
        os.link(source, target)
        if step == "after_link":
            kill()

    return link


def _fsync(step: str) -> Callable[[int], None]:
    left = {"at_first_sync": 1, "at_last_sync": 2}.get(step, 0)

    def fsync(descriptor: int) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            kill()
        os.fsync(descriptor)

    return fsync
