"""Noted runs: that a ledger was anchored or backed up, and where to, for those who ask whether it is done at all."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from creditctl.core.errors import LedgerError
from creditctl.ledger.store import Ledger

ANCHOR_RUN, BACKUP_RUN, RECONCILE_RUN = "anchor", "backup", "reconcile"
"""Kinds of runs that a ledger keeps."""


def note_run(ledger: Ledger, kind: str, moment: int, report: Mapping[str, object], *, ok: bool = True) -> None:
    """Notes a run that is done. Shape: a ledger that may only be read notes nothing; what was done stays done.

    Units: `moment` in Unix seconds.
    """
    with suppress(LedgerError), ledger.transaction() as tx:
        tx.add_run(kind, moment, moment, ok, report)
