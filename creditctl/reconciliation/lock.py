"""File lock of reconciliation: one run on a ledger at a time, also between processes and after a crash."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from creditctl.ledger.sqlite.file_lock import hold_lock


def only_one(ledger_path: Path) -> AbstractContextManager[None]:
    """Holds the lock beside a ledger.

    Errors: LockHeld at once, without waiting: the next run of a cron job comes anyway.
    """
    return hold_lock(ledger_path.with_name(f"{ledger_path.name}-reconcile.lock"), "Another reconciliation")
