"""`creditctl ledger verify`: recomputes the hash chain and names every entry that is not as it was written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.command import Answer, FileUse, Session, command
from creditctl.core.errors import ConfigurationError, CreditctlError, ExitCode, UsageError
from creditctl.core.findings import Finding, Severity

if TYPE_CHECKING:
    from creditctl.ledger.hashchain.violations import Verification
    from creditctl.ledger.store import Ledger
    from creditctl.ledger.verification.anchors import AnchorFile


AnchorOption = Annotated[
    Path | None,
    typer.Option(
        "--anchor",
        help="The file that `ledger anchor` writes: proves that nothing before an anchor was rewritten or cut.",
        metavar="FILE",
    ),
]


@command(ledger=FileUse.REQUIRED)
def verify(
    session: Session,
    expect_head: Annotated[
        str | None,
        typer.Option("--expect-head", help="A head noted earlier: proves that no entry was cut off.", metavar="HASH"),
    ] = None,
    anchor: AnchorOption = None,
) -> Answer:
    """Prove that the ledger is as it was written, and name every fault. Exit 6 if there is one.

    The hash chain is recomputed, the schema compared with what this version makes, the file's pages are checked, and
    what refunds and disputes took back is computed anew.
    """
    from creditctl.cli.render import ledger as render

    head = None if expect_head is None else _read_head(expect_head)
    ledger = session.ledger
    kept = None if anchor is None else _proving_anchors(ledger, session.wiring.folder / anchor)
    with ledger.reading() as view:
        found = view.verify(head, () if kept is None else kept.anchors)
    notes = [*open_to_others(ledger.path), *([] if kept is None else torn_lines(kept)), *counted_wrongly(ledger)]
    return Answer(
        verification_report(ledger, found, head, kept),
        lambda console: render.verification(console, found, ledger.path, head, kept, notes),
        findings=[*fault_findings(found), *notes],
        exit_code=chain_exit_code(found),
    )


def _proving_anchors(ledger: Ledger, path: Path) -> AnchorFile:
    """The anchors of a file, one at least: an empty file would prove nothing. Errors: as `known_anchors`."""
    kept = known_anchors(ledger, path)
    if not kept.anchors:
        raise ConfigurationError(
            f"There is no anchor in {path}: nothing could be proven by it.",
            code="anchor.unreadable",
            fix="Take it from a backup; `creditctl ledger anchor` notes the head from now on.",
        )
    return kept


def known_anchors(ledger: Ledger, path: Path) -> AnchorFile:
    """The anchors of a ledger in a file. Errors: ConfigurationError, GuardRefused."""
    from creditctl.ledger.verification.anchors import read_anchors

    return read_anchors(path, owner=ledger.owner, beside=ledger.path)


def verification_report(
    ledger: Ledger, found: Verification, head: str | None = None, kept: AnchorFile | None = None
) -> dict[str, Any]:
    """What verifying found, as a JSON document shows it."""
    return {
        "ledger": str(ledger.path),
        "account": ledger.account,
        "livemode": ledger.livemode,
        "count": found.head.count,
        "head": found.head.hash,
        "expected_head": head,
        "anchors": None if kept is None else len(kept.anchors),
        "faults": [
            {"kind": fault.kind, "entry_id": fault.entry_id, "message": fault.message} for fault in found.faults
        ],
    }


def torn_lines(kept: AnchorFile) -> list[Finding]:
    """A note for each line of the anchors that a crash tore."""
    return [
        Finding(
            "ledger.anchor_torn",
            Severity.LOW,
            f"line {number}",
            f"Line {number} of the anchors is torn and proves nothing; the other {len(kept.anchors):,} were compared.",
            "Nothing has to be done; the next anchor stands on a line of its own.",
        )
        for number in kept.torn
    ]


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


def counted_wrongly(ledger: Ledger) -> list[Finding]:
    """A note where the archive beside the ledger counts its rows wrongly: a run would report other numbers."""
    from creditctl.ledger.archive.file import ArchiveFile
    from creditctl.ledger.archive.location import archive_path
    from creditctl.ledger.matching.recount import miscounted

    path = archive_path(ledger.path)
    if not path.exists():
        return []
    try:
        with ArchiveFile.open(path, account=ledger.account, livemode=ledger.livemode, create=False) as archive:
            wrong = miscounted(archive)
    except CreditctlError as error:
        return [Finding(error.code, Severity.LOW, path.name, error.message, error.fix)]
    text = f"{', '.join(wrong)} in {path.name} is not what its rows come to: another program has changed them."
    fix = "`creditctl reconcile --full` reads Stripe anew and counts again; no money is kept there."
    return [Finding("archive.miscounted", Severity.LOW, path.name, text, fix)] if wrong else []


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
