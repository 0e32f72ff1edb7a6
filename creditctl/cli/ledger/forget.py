"""`creditctl ledger forget`: what is kept of one user beside the ledger, taken out for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.command import Answer, FileUse, Session, Writes, command
from creditctl.core.errors import GuardRefused
from creditctl.core.text import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from creditctl.cli.console import Console
    from creditctl.ledger.archive.removal import UserTraces
    from creditctl.ledger.archive.store import Archive
    from creditctl.ledger.forgetting import LedgerTraces


@command(ledger=FileUse.REQUIRED, writes=Writes.FILES, asks=True, dry_run=True)
def forget(session: Session, user: Annotated[str, typer.Argument(help="Whose data.", metavar="USER")]) -> Answer:
    """Remove what is kept of a user beside the ledger: events with their bodies, rows of a source, settled findings.

    The entries stay: they are the books, and append-only. What an open dispute or finding needs stays until it is over.
    """
    from creditctl.cli.ledger.retention import held_payments
    from creditctl.ledger.archive.removal import UserTraces, forget_user, payments_of, traces_of
    from creditctl.ledger.forgetting import forget_texts, payments_of_user, traces_in_ledger
    from creditctl.payments.reading.event_users import events_of_user, listed_payments_of_user

    ledger, archive, naming = session.ledger, _archive(session), frozenset[str]()
    with ledger.reading() as view:
        payments = payments_of_user(view, user)
        if archive is not None:
            places = session.settings_of_any_mode().project.user
            named = list(events_of_user(archive, user, places))
            naming = frozenset(event.id for event in named)
            payments |= payments_of(archive, user, named)
            payments |= listed_payments_of_user(archive, user, places)
        written = traces_in_ledger(view, user, payments)
    kept = UserTraces((), (), 0, 0, 0)
    if archive is not None:
        kept = traces_of(archive, user, payments, held_payments(archive, ledger), naming=naming)
    report = _report(user, kept, written)
    if session.dry_run or not _removed(report):
        return _answer(report, done=False)
    lines = [f"Of user {user}: {_sizes(report)}.", *_kept_lines(report)]
    if not session.agreed_to_forget(lines):
        raise GuardRefused("Nothing was removed.", code="guard.declined", fix="Run it again when you are ready.")
    with ledger.transaction() as tx:
        forget_texts(tx, written)
    # Last: by the archive's events a second run finds what a killed one left of the findings.
    if archive is not None:
        forget_user(archive, user, kept)
    return _answer(report, done=True)


def _archive(session: Session) -> Archive | None:
    """The archive beside the ledger, None where there is none."""
    from creditctl.ledger.archive.location import archive_exists, archive_path
    from creditctl.ledger.archive.store import Archive

    path = archive_path(session.ledger.path)
    if not archive_exists(path):
        return None
    opened = Archive.open(path, account=session.ledger.account, livemode=session.ledger.livemode, create=False)
    return session.stack.enter_context(opened)


def _report(user: str, kept: UserTraces, written: LedgerTraces) -> dict[str, Any]:
    return {
        "user_id": user,
        "removed": {
            "events": len(kept.events),
            "source_rows": kept.rows,
            "source_changes": kept.changes,
            "source_balances": kept.balances,
            "finding_texts": len(written.findings) + len(written.sightings),
        },
        "kept": {
            "entries": written.entries,
            "open_findings": len(written.open),
            "events_still_needed": len(kept.held),
            "listed_objects": kept.listed,
        },
    }


def _removed(report: dict[str, Any]) -> int:
    return sum(report["removed"].values())


def _sizes(report: dict[str, Any]) -> str:
    names = {name: name.replace("_", " ").removesuffix("s") for name in report["removed"]}
    parts = [plural(count, names[name]) for name, count in report["removed"].items() if count]
    return ", ".join(parts) or "nothing"


def _kept_lines(report: dict[str, Any]) -> Sequence[str]:
    """What stays, and why."""
    kept, lines = report["kept"], []
    if kept["entries"]:
        count = f"{kept['entries']:,} entries" if kept["entries"] != 1 else "1 entry"
        lines.append(
            f"Kept: {count} of the ledger. They are the books of what was paid: append-only, each hash rests on the "
            "one before, and they hold no name, e-mail or address, only the user id."
        )
    if kept["listed_objects"]:
        lines.append(
            f"Kept: {plural(kept['listed_objects'], 'object')} of Stripe's lists, with what each is worth, by which "
            "reconcile judges the entries: ids, amounts and metadata, no name, e-mail or address. Stripe shows them "
            "again to each `reconcile --full`."
        )
    if kept["open_findings"] or kept["events_still_needed"]:
        lines.append(
            f"Kept until they are over: {plural(kept['open_findings'], 'open finding')} and "
            f"{plural(kept['events_still_needed'], 'event')} of open disputes and findings; run it again then."
        )
    lines.append(
        "Not reached from here: backups and exports made before, Stripe itself (its events come back when they are "
        "read again within 30 days), and the application's own rows, which are read again while they are there."
    )
    return lines


def _answer(report: dict[str, Any], *, done: bool) -> Answer:
    def show(console: Console) -> None:
        word = "Removed" if done else "To be removed"
        console.print(f"{word} of user {report['user_id']}: {_sizes(report)}.")
        for line in _kept_lines(report):
            console.print(line)

    return Answer({**report, "done": done}, show)
