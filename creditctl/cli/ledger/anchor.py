"""`creditctl ledger anchor`: notes the head of a proven ledger in a file outside it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, FileUse, Session, command
from creditctl.cli.ledger.verify import chain_exit_code, fault_findings, known_anchors, torn_lines, verification_report
from creditctl.core.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from creditctl.ledger.hashchain.violations import Verification
    from creditctl.ledger.models import Head
    from creditctl.ledger.store import Ledger
    from creditctl.ledger.verification.anchors import AnchorFile


@command(ledger=FileUse.REQUIRED)
def anchor(
    session: Session,
    file: Annotated[Path, typer.Argument(help="The file of anchors, best on another disk or machine.", metavar="FILE")],
) -> Answer:
    """Prove the ledger against the anchors in FILE, then add one line: how many entries, the head, and when.

    `ledger verify --anchor FILE` proves later that nothing before an anchor was rewritten or cut. Exit 6, and nothing
    is added, where the ledger is not as it was written.
    """
    from creditctl.cli.render import ledger as render

    path = session.wiring.folder / file
    kept, found = anchored(session.ledger, path, session.wiring.clock)
    notes = [] if kept is None else torn_lines(kept)
    return Answer(
        {**verification_report(session.ledger, found, None, kept), "anchor_file": str(path), "added": found.ok},
        lambda console: render.anchored(console, found, path, notes),
        findings=[*fault_findings(found), *notes],
        exit_code=chain_exit_code(found),
    )


def anchored(ledger: Ledger, path: Path, clock: Callable[[], int]) -> tuple[AnchorFile | None, Verification]:
    """Proves a ledger against the anchors of a file, if there are any, and adds one where there is no fault.

    Errors: ConfigurationError, GuardRefused for a file of something else; OSError where it cannot be written.
    """
    kept, found = held(ledger, path)
    if found.ok:
        add(ledger, path, clock)
    return kept, found


def held(ledger: Ledger, path: Path) -> tuple[AnchorFile | None, Verification]:
    """Proves a ledger, and that it holds the anchors of a file, if there are any. Errors: as `anchored`."""
    from creditctl.ledger.verification.anchors import refuse_databases

    refuse_databases(path, ledger.path)
    kept = known_anchors(ledger, path) if path.exists() else None
    with ledger.reading() as view:
        return kept, view.verify(anchors=() if kept is None else kept.anchors)


def require_held(ledger: Ledger, path: Path) -> None:
    """Refuses to go on with a ledger that was changed since it was anchored. Errors: LedgerError; as `anchored`."""
    _, found = held(ledger, path)
    if found.ok:
        return
    fault = found.faults[0]
    raise LedgerError(
        f"The ledger is not as it was anchored in {path}: {fault.message}",
        code="ledger.anchor" if fault.kind == "anchor" else "ledger.tampered",
        fix=f"Nothing was written. `creditctl ledger verify --anchor {shlex.quote(str(path))}` shows every fault.",
    )


def add(ledger: Ledger, path: Path, clock: Callable[[], int]) -> Head:
    """Adds an anchor of the head as it is now, and notes in the ledger that it did. Errors: OSError."""
    from creditctl.ledger.noted_runs import ANCHOR_RUN, note_run
    from creditctl.ledger.verification.anchors import Anchor, append_anchor

    with ledger.reading() as view:
        head = view.head()
    now = clock()
    append_anchor(path, Anchor(ledger.account, ledger.livemode, head.count, head.hash, now, ledger.deployment))
    note_run(ledger, ANCHOR_RUN, now, {"file": str(path.absolute()), "count": head.count, "head": head.hash})
    return head
