"""Answer of `creditctl demo`: the ledger read back, the balance, and what to try next or where the story failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from creditctl.cli.output import Answer
from creditctl.cli.render.table import Table, show_table
from creditctl.core.errors import ExitCode
from creditctl.core.money import format_amount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from creditctl.cli.console import Console
    from creditctl.core.findings import Finding

_NEXT = (
    ("creditctl demo --serve", "the same, then click through the storefront in a browser"),
    ("creditctl simulate", "test-card flows and webhook hazards, as a check for CI"),
    ("creditctl emulator", "a local Stripe on a port, for your own backend or any Stripe SDK"),
    ("creditctl init", "start with your own account: asks, then writes .env and creditctl.toml"),
)


def demo_answer(
    steps: Sequence[str], rows: Sequence[Mapping[str, Any]], keep: Path | None, findings: Sequence[Finding] = ()
) -> Answer:
    """What the demo did. Shape: `rows` are the ledger's entries; exit 1 where a step failed, as the finding says."""
    bought = sum(row["credits"] for row in rows if row["kind"] == "purchase")
    balance = sum(row["credits"] for row in rows)

    def human(console: Console) -> None:
        show_table(console, _ledger_table(rows))
        console.print(f"{bought:,} credits bought; balance now {balance:,}.")
        for finding in findings:
            console.print(f"FAILED at {finding.subject}: {finding.message}. {finding.fix}", style="bold red")
        if not findings:
            _print_next(console)

    report = {
        "steps": steps,
        "ledger": rows,
        "credits_bought": bought,
        "balance": balance,
        "kept": None if keep is None else str(keep),
    }
    return Answer(report, human, findings, ExitCode.FINDINGS if findings else ExitCode.OK)


def _ledger_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    headings = ("#", "Kind", "User", "Package", "Credits", "Amount", "Payment")
    right = frozenset({"#", "Credits", "Amount"})
    table = Table(headings, right=right, title="The ledger, read back from its file")
    for row in rows:
        amount = format_amount(row["amount"], row["currency"])
        cells = (str(row["id"]), row["kind"], row["user_id"], row["package"] or "", f"{row['credits']:+,}", amount)
        table.add(*cells, row["payment_key"])
    return table


def _print_next(console: Console) -> None:
    console.print("\nTry next:")
    for command, why in _NEXT:
        console.print(f"  {command:<24} {why}")
