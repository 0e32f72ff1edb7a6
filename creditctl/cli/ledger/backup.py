"""`creditctl ledger backup`: a copy of the ledger taken while others use it, its hash chain verified."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, FileUse, Session, command
from creditctl.cli.ledger.verify import chain_exit_code, fault_findings

if TYPE_CHECKING:
    from creditctl.ledger.hashchain.violations import Verification


@command(ledger=FileUse.REQUIRED)
def backup(
    session: Session,
    destination: Annotated[Path, typer.Argument(help="A file that does not exist yet.", metavar="FILE")],
) -> Answer:
    """Copy the ledger as it is now, while others use it, and prove the copy's chain. Nothing is overwritten.

    To go back to a copy: stop what uses the ledger, move it away together with its -wal and -shm, which belong to it
    alone and would be taken for the copy's own, put the copy under its name, and run `creditctl ledger verify`.
    """
    from creditctl.cli.render import ledger as render
    from creditctl.ledger.noted_runs import BACKUP_RUN, note_run

    target = session.wiring.folder / destination
    proofs: list[Verification] = []
    session.ledger.backup(target, lambda copy: proofs.append(_verified_copy(session, copy)))
    (found,) = proofs
    noted = {"file": str(target.absolute()), "count": found.head.count, "head": found.head.hash}
    note_run(session.ledger, BACKUP_RUN, session.wiring.clock(), noted, ok=found.ok)
    return Answer(
        {"backup": str(target), "bytes": target.stat().st_size, "count": found.head.count, "head": found.head.hash},
        lambda console: render.backup(console, target, found),
        findings=fault_findings(found),
        exit_code=chain_exit_code(found),
    )


def _verified_copy(session: Session, path: Path) -> Verification:
    from creditctl.ledger.store import Ledger

    ledger = session.ledger
    opened = Ledger.open(
        path,
        account=ledger.account,
        livemode=ledger.livemode,
        deployment=ledger.deployment,
        clock=session.wiring.clock,
        create=False,
    )
    with (
        opened as copy,
        copy.reading() as view,
    ):
        return view.verify()
