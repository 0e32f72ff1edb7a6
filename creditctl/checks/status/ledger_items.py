"""Status of the books: the ledger or the application's own table, and the last complete reconciliation."""

from __future__ import annotations

from creditctl.checks.status.items import StatusItem, absent, known, unknown, unsettled
from creditctl.core.project_file.source import SourceSection
from creditctl.core.text import plural
from creditctl.core.when import iso_time
from creditctl.ledger.store import Ledger

_RUN = "reconcile"
_OLD_SECONDS = 26 * 3600
"""A daily cron line is late after a day and some."""
_MOST_RUNS = 200


def ledger_item(ledger: Ledger | None, path: str, reason: str | None) -> StatusItem:
    """The ledger file. Shape: `reason` is why it could not be opened, None where there is none."""
    title = "Ledger"
    if ledger is None:
        return (
            absent("ledger", title, f"there is none at {path}") if reason is None else unknown("ledger", title, reason)
        )
    with ledger.reading() as view:
        count, waiting = view.count(), len(view.findings())
    text = f"{path}: {count:,} {'entry' if count == 1 else 'entries'}"
    if waiting:
        return unsettled("ledger", title, f"{text}, {plural(waiting, 'open finding')}")
    return known("ledger", title, text)


def source_item(source: SourceSection, *, reachable: bool) -> StatusItem:
    """The application's own entries, which stand in the place of a ledger.

    Shape: `reachable` is whether the variable with the database's URL is set, or the file there.
    """
    what = source.file or source.table or ("a query" if source.query else None) or f"recipe {source.recipe}"
    where = what if source.url_variable is None else f"{what}, by {source.url_variable}"
    if not reachable:
        lacking = "which is not there" if source.url_variable is None else "which is not set"
        return absent("source", "Source", f"{where}, {lacking}")
    return known("source", "Source", where)


def reconcile_item(ledger: Ledger | None, now: int, reason: str | None = None) -> StatusItem:
    """The last reconciliation that saw everything it asked for.

    Shape: `reason` is why the ledger could not be opened, None where there is none. Units: `now` in Unix seconds.
    """
    title = "Last complete reconcile"
    if ledger is None and reason is None:
        return absent("reconcile", title, "never")
    if ledger is None:
        return unknown("reconcile", title, "the runs are kept in the ledger, which is not open")
    with ledger.reading() as view:
        runs = view.runs(_RUN, _MOST_RUNS)
    complete = next((run for run in runs if run.report.get("complete") is True), None)
    if complete is None:
        text = "never" if not runs else f"never: the last, of {iso_time(runs[0].finished)}, could not read everything"
        return absent("reconcile", title, text)
    text = iso_time(complete.finished)
    if runs[0] is not complete:
        return unsettled("reconcile", title, f"{text}; a later one could not read everything")
    if not complete.ok:
        return unsettled("reconcile", title, f"{text}: something disagreed")
    late = now - complete.finished > _OLD_SECONDS
    return unsettled("reconcile", title, f"{text}, more than a day ago") if late else known("reconcile", title, text)
