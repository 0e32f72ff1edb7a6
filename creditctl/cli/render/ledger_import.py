"""An import for people: what was read, what is new, and every row that was refused with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditctl.cli.render.ledger import say
from creditctl.cli.render.severity import STYLES
from creditctl.cli.render.table import Table, show_table
from creditctl.core.money import format_amount
from creditctl.core.text import plural, printable

if TYPE_CHECKING:
    from creditctl.cli.console import Console
    from creditctl.sources.imported_entry import Batch
    from creditctl.sources.report import ImportReport

_MOST_SHOWN = 50
_MOST_LISTED = 5


def imported(console: Console, report: ImportReport, *, wrote: bool, dry_run: bool) -> None:
    """Prints a report. Shape: `wrote` says whether the new rows were written or only judged."""
    _refused(console, report)
    _kinds(console, report)
    for line in _sentences(report, wrote):
        say(console, line)
    say(console, next_step(report, wrote=wrote, dry_run=dry_run))


def posting_lines(report: ImportReport, first: Batch) -> list[str]:
    """What an import will write, before it does: each kind's rows and credits, the money, and the first entries."""
    kinds = ", ".join(
        f"{plural(count, 'row')} of kind {kind} ({report.credits_by_kind[kind]:+,} credits)"
        for kind, count in sorted(report.rows_by_kind.items())
    )
    money = ", ".join(format_amount(amount, code) for code, amount in sorted(report.amounts.items()))
    lines = [f"This posts {plural(report.new, 'new row')} of {report.source}: {kinds}; {money or 'no money'}."]
    for _, entry in first[:_MOST_LISTED]:
        paid = f", {format_amount(entry.amount, entry.currency)}" if entry.currency else ""
        lines.append(f"  {entry.kind}: {entry.credits:+,} credits for user {entry.user_id}{paid}")
    if report.new > _MOST_LISTED:
        lines.append(f"  … and {report.new - _MOST_LISTED:,} more")
    return lines


def next_step(report: ImportReport, *, wrote: bool, dry_run: bool) -> str:
    """The last line: what to do now."""
    if wrote:
        rest = f" Rows that are missing: {report.refused:,}; correct them, import again." if report.refused else ""
        return f"Wrote {report.new:,} entries.{rest} Next: `creditctl reconcile` compares them with Stripe"
    if report.lines_moved:
        return "Nothing was written: lines have moved since they were imported. Next: give the rows an id column"
    if report.refused and report.new:
        return "Nothing was written. Next: correct the rows above, or import the good ones with --skip-bad"
    if report.refused:
        return "Nothing was written. Next: correct the rows above and import again"
    if dry_run and report.new:
        return "Nothing was written. Next: the same without --dry-run"
    return "There was nothing new to write. Next: `creditctl reconcile`"


def _refused(console: Console, report: ImportReport) -> None:
    for finding in report.findings[:_MOST_SHOWN]:
        console.print(printable(finding.message, kept=""), style=STYLES[finding.severity])
    hidden = report.refused + report.repeated - min(len(report.findings), _MOST_SHOWN)
    if hidden > 0:
        say(console, f"… and {hidden:,} more: `--json` shows the first thousand.")


def _kinds(console: Console, report: ImportReport) -> None:
    if not report.new:
        return
    numbers = ("Rows", "Credits")
    table = Table(("Kind", *numbers), right=frozenset(numbers), title=f"New rows of {report.source}")
    for kind, count in sorted(report.rows_by_kind.items()):
        table.add(kind, f"{count:,}", f"{report.credits_by_kind[kind]:+,}")
    show_table(console, table)
    money = [format_amount(amount, code) for code, amount in sorted(report.amounts.items())]
    if money:
        say(console, f"Amounts come to {', '.join(money)}.")


def _sentences(report: ImportReport, wrote: bool) -> list[str]:
    """What was counted, and nothing that was not."""
    start = "from the start" if report.resumed_after is None else f"after id {report.resumed_after:,} (--full: all)"
    counted = {
        "new" if not wrote else "written": report.new,
        "there already": report.existing,
        "said twice": report.repeated,
        "of the other mode, passed over": report.other_mode,
        "bad": report.bad,
        "changed since": report.changed,
        "known from elsewhere": report.elsewhere,
    }
    words = ", ".join(f"{count:,} {word}" for word, count in counted.items() if count)
    lines = [f"Read {report.read:,} rows of {report.source} {start}: {words or 'nothing'}."]
    if report.ignored_columns:
        lines.append(f"Columns that nothing was taken from: {', '.join(report.ignored_columns)}.")
    return lines
