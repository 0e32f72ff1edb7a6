"""Earlier reconciliations for people: one row a run, and what was missing of those that are not complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditctl.cli.render.table import Table, show_table
from creditctl.core.when import age_text, iso_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from creditctl.cli.console import Console
    from creditctl.reconciliation.run_history import PastRun


def render(console: Console, runs: Sequence[PastRun]) -> None:
    """Prints the runs, newest first."""
    if not runs:
        console.print("No reconciliation was made yet. Next: `creditctl reconcile`")
        return
    headings = ("Run", "Started", "Took", "Window", "Payments", "Result", "New", "By")
    table = Table(headings, right=frozenset(("Run", "Took", "Payments", "New")))
    for run in runs:
        table.add(*_cells(run))
    show_table(console, table)
    for run in runs:
        for gap in run.missing:
            console.print(f"run {run.id} missing: {gap}")


def _cells(run: PastRun) -> tuple[str, ...]:
    took = age_text(run.duration_seconds)
    payments, new = (f"{run.payments:,}", str(run.new)) if run.complete else ("", "")
    return str(run.id), iso_time(run.started), took, _window(run), payments, _result(run), new, run.by


def _window(run: PastRun) -> str:
    if run.since is None and run.until is None:
        return "everything"
    return f"{run.since or 'the beginning'} to {run.until or 'then'}"


def _result(run: PastRun) -> str:
    """In words: what was found by severity, and what was repaired."""
    if not run.complete:
        return "incomplete"
    found = ", ".join(f"{count} {severity}" for severity, count in run.severities.items())
    repaired = f"{run.repaired} repaired" if run.repaired else ""
    return "; ".join(part for part in (found, repaired) if part) or "clean"
