"""A reconciliation for people: what was compared, what disagrees (worst first), what to run next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditctl.cli.render.ledger import draft_words
from creditctl.cli.render.redelivery import redelivered_lines
from creditctl.cli.render.severity import STYLES
from creditctl.cli.render.table import Table, show_table
from creditctl.core.text import plural
from creditctl.core.when import age_text, iso_time
from creditctl.payments.stakes import stakes_of
from creditctl.reconciliation.redelivery.outcome import RedeliveryOutcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from creditctl.cli.console import Console
    from creditctl.core.findings import Finding
    from creditctl.core.modes import Mode
    from creditctl.payments.repair import Repair
    from creditctl.reconciliation.open_findings import OpenFinding
    from creditctl.reconciliation.report import ReconcileReport

_MOST_SHOWN = 50


def render(console: Console, report: ReconcileReport, *, plan: bool) -> None:
    """Prints a report. Shape: with `plan` every entry that a repair would post."""
    show_table(console, _table(report))
    for finding in report.findings[:_MOST_SHOWN]:
        _finding(console, finding)
    lines = _rest(len(report.findings), "findings") + (plan_lines(report.repairs) if plan else [])
    notes = [*(report.source or {}).get("notes", ()), report.basis.tie_out["note"]]
    lines += [f"Note: {note}." for note in notes if note]
    for line in lines:
        console.print(line)
    for repaired in report.repaired:
        given = sum(entry.credits for entry in repaired.entries)
        console.print(f"repaired {repaired.payment_key}: {repaired.outcome}, {given:+,} credits")
    for line in redelivered_lines(report.redelivered):
        console.print(line)
    console.print(next_step(report))


def next_step(report: ReconcileReport) -> str:
    """The last line: what to do now."""
    if not report.complete:
        return "The picture is incomplete. Next: the same command again"
    if report.repairs and report.source is not None:
        count = format(len(report.repairs), ",")
        book = f"{count} of these the application has still to book"
        if report.redelivered:
            return f"{book}. Next: `creditctl reconcile --todo todo.csv` lists them for a person"
        return f"{book}. Next: `creditctl reconcile --repair` delivers their events to it again"
    if report.repairs and not report.repaired:
        count = format(len(report.repairs), ",")
        return f"{count} of these can be put right without a person. Next: `creditctl reconcile --repair`"
    if report.clean:
        other = "the ledger" if report.source is None else "the application"
        return f"Stripe and {other} agree{_but(report.findings)}."
    return "What is left needs a person: each finding above names the command."


def summary_line(report: ReconcileReport, mode: Mode | None) -> str:
    """The run in one line, for cron: what was found, what is new, what is at stake, and what to run."""
    head = f"creditctl reconcile ({mode}):"
    if not report.complete:
        gaps = report.basis.gaps
        more = f" (and {len(gaps) - 1} more)" if len(gaps) > 1 else ""
        return f"{head} incomplete: {gaps[0]}{more}. Next: `creditctl reconcile`"
    parts = [f"{plural(len(report.findings), 'finding')}, {report.new} new"]
    parts += [", ".join(f"{count} {severity}" for severity, count in report.severities.items())]
    stake = stakes_of(report.findings).words
    parts += [f"{stake} at stake"] if stake else []
    parts += [f"{plural(len(report.repaired), 'payment')} repaired"] if report.repaired else []
    healed = sum(each.outcome is RedeliveryOutcome.HEALED for each in report.redelivered)
    parts += [f"{plural(healed, 'payment')} healed by redelivery"] if healed else []
    step = "" if report.clean else " Next: `creditctl reconcile`"
    return f"{head} {'; '.join(part for part in parts if part)}.{step}"


def _but(notes: Sequence[Finding]) -> str:
    """What a clean report still tells, in a few words."""
    if not notes:
        return ""
    on_its_way = all(note.code == "reconcile.in_flight" for note in notes)
    return ", but for what is still on its way" if on_its_way else "; what is said above is no fault"


def _table(report: ReconcileReport) -> Table:
    title = f"Reconciliation of {window_words(report)}"
    table = Table(("Compared", "Count"), right=frozenset({"Count"}), title=title)
    for name, count in report.pulled.items():
        table.add(f"Stripe: {name.replace('_', ' ')}", f"{count:,}")
    table.add("payments", f"{report.payments:,}")
    if report.source is None:
        table.add("ledger entries", f"{report.entries:,}")
    else:
        table.add("rows of the application", f"{report.source['rows']:,}")
        table.add("rows about payments", f"{report.entries:,}")
    for code, count in report.counts.items():
        table.add(f"finding {code}", f"{count:,}")
    words = stakes_of(report.findings).words
    if words:
        table.add("at stake", words)
    return table


def window_words(report: ReconcileReport) -> str:
    """The period that a run is about, in words."""
    window = report.window
    if window.unbounded:
        return "everything"
    since = "the beginning" if window.since is None else iso_time(window.since)
    return f"{since} to {'now' if window.until is None else iso_time(window.until)}"


def _finding(console: Console, finding: OpenFinding) -> None:
    severity = str(finding.severity)
    console.print(f"{severity:8} {finding.code} {finding.subject}{_age(finding)}", style=STYLES[finding.severity])
    console.print(f"         {finding.message}")
    console.print(f"         fix: {finding.fix}")


def _age(finding: OpenFinding) -> str:
    if finding.new:
        return " (new)"
    open_for = f" (open since {iso_time(finding.first_seen)}, {age_text(finding.age_seconds)})"
    return open_for if finding.age_seconds else ""


def plan_lines(repairs: Sequence[Repair]) -> list[str]:
    """The plan of a repair: every entry that would be posted, as far as a person reads."""
    lines = [f"Plan: {len(repairs)} payment{'' if len(repairs) == 1 else 's'} to repair"]
    for repair in repairs[:_MOST_SHOWN]:
        lines += [f"  post {draft_words(draft)} ({draft.idempotency_key})" for draft in repair.drafts]
    return [*lines, *_rest(len(repairs), "repairs")]


def _rest(count: int, what: str) -> list[str]:
    return [f"… and {count - _MOST_SHOWN:,} more {what}: `--json` shows all."] if count > _MOST_SHOWN else []
