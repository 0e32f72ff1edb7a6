"""Retention of the archive: `[archive] keep_days`, acted on by the commands that a cron job runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from creditctl.cli.session import Session
    from creditctl.ledger.archive.store import Archive
    from creditctl.ledger.store import Ledger

_DAY_SECONDS = 86_400


def prune_archive(session: Session, archive: Archive, ledger: Ledger | None) -> int:
    """Removes what is older than `[archive] keep_days`; how many events. Without the setting everything is kept.

    Shape: what an open dispute or an open finding is about stays.
    """
    days = session.project.archive.keep_days
    if days is None or session.dry_run:
        return 0
    from creditctl.ledger.archive.removal import prune

    removed = prune(archive, session.wiring.clock() - days * _DAY_SECONDS, held_payments(archive, ledger))
    if removed:
        session.say(f"{removed:,} events older than {days} days were removed from the archive.")
    return removed


def held_payments(archive: Archive, ledger: Ledger | None) -> frozenset[str]:
    """The payments whose events are still needed: of a dispute that is open, or a finding that is."""
    from creditctl.ledger.archive.removal import open_disputes
    from creditctl.ledger.forgetting import needed_payments

    held = open_disputes(archive)
    if ledger is None:
        return held
    with ledger.reading() as view:
        return held | needed_payments(view)
