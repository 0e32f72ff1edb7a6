"""`creditctl ledger anchor`: notes the head of a proven ledger in a file outside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, FileUse, Session, command
from creditctl.cli.ledger.verify import chain_exit_code, fault_findings, known_anchors, torn_lines, verification_report

if TYPE_CHECKING:
    from collections.abc import Callable

    from creditctl.ledger.hashchain.violations import Verification
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
    from creditctl.ledger.verification.anchors import Anchor, append_anchor, refuse_databases

    refuse_databases(path, ledger.path)
    kept = known_anchors(ledger, path) if path.exists() else None
    with ledger.reading() as view:
        found = view.verify(anchors=() if kept is None else kept.anchors)
    if found.ok:
        append_anchor(path, Anchor(ledger.account, ledger.livemode, found.head.count, found.head.hash, clock()))
    return kept, found
