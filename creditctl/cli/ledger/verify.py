"""`creditctl ledger verify`: recomputes the hash chain and names every entry that is not as it was written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, FileUse, Session, command
from creditctl.core.errors import ExitCode, UsageError
from creditctl.core.findings import Finding, Severity

if TYPE_CHECKING:
    from creditctl.ledger.hashchain.verify import Verification


@command(ledger=FileUse.REQUIRED)
def verify(
    session: Session,
    expect_head: Annotated[
        str | None,
        typer.Option("--expect-head", help="A head noted earlier: proves that no entry was cut off.", metavar="HASH"),
    ] = None,
) -> Answer:
    """Recompute the hash chain and name every entry that was edited, removed, inserted or moved. Exit 6 if any was."""
    from creditctl.cli.render import ledger as render

    head = None if expect_head is None else _read_head(expect_head)
    ledger = session.ledger
    with ledger.reading() as view:
        found = view.verify(head)
    report = {
        "ledger": str(ledger.path),
        "account": ledger.account,
        "livemode": ledger.livemode,
        "count": found.head.count,
        "head": found.head.hash,
        "expected_head": head,
        "faults": [
            {"kind": fault.kind, "entry_id": fault.entry_id, "message": fault.message} for fault in found.faults
        ],
    }
    return Answer(
        report,
        lambda console: render.verification(console, found, ledger.path, head),
        findings=[*fault_findings(found), *open_to_others(ledger.path)],
        exit_code=chain_exit_code(found),
    )


def _read_head(text: str) -> str:
    """The hash that was noted. Errors: UsageError for what is none, which would look like a ledger that was cut."""
    head = text.strip().lower()
    if re.fullmatch(r"[0-9a-f]{64}", head) is None:
        raise UsageError(
            "--expect-head is no hash of an entry.",
            code="usage.head",
            fix="Copy the head, 64 hexadecimal digits, as `creditctl ledger verify` printed it.",
        )
    return head


def open_to_others(path: Path) -> list[Finding]:
    """A note where others than its owner may use the ledger: opening it takes that from them, where it is ours."""
    from creditctl.ledger.sqlite.private_file import others_may

    if not others_may(path):
        return []
    return [
        Finding(
            "ledger.readable",
            Severity.LOW,
            path.name,
            f"Others than its owner may read or write {path}, and it is not this user's to change.",
            "Let its owner run `chmod 600` on it.",
        )
    ]


def chain_exit_code(found: Verification) -> ExitCode:
    """6 where the hash chain is broken, else 0."""
    return ExitCode.OK if found.ok else ExitCode.LEDGER


def fault_findings(found: Verification) -> list[Finding]:
    """The faults of a hash chain as findings, all critical."""
    return [
        Finding(
            f"ledger.{fault.kind}",
            Severity.CRITICAL,
            "ledger" if fault.entry_id is None else f"entry {fault.entry_id}",
            fault.message,
            "Compare with a backup (`creditctl ledger history --ledger BACKUP`), then run `creditctl reconcile`.",
        )
        for fault in found.faults
    ]
