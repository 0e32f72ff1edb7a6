"""`creditctl ledger findings`: what disagreed and was not credited, by status."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, FileUse, Session, command
from creditctl.cli.forms import require_one_form, stream_rows
from creditctl.cli.ledger.paging import JsonLinesOption
from creditctl.core.errors import ExitCode

if TYPE_CHECKING:
    from creditctl.ledger.models import FindingStatus


class StatusChoice(StrEnum):
    """Which findings are wanted."""

    OPEN = "open"
    CREDITED = "credited"
    DISMISSED = "dismissed"
    ALL = "all"


@command(ledger=FileUse.REQUIRED)
def findings(
    session: Session,
    status: Annotated[StatusChoice, typer.Option("--status", help="Which ones.")] = StatusChoice.OPEN,
    as_json_lines: JsonLinesOption = False,
) -> Answer:
    """List what disagreed and was not credited. Exit 1 while one of those shown is open."""
    from creditctl.cli.render import ledger as render

    require_one_form(session, jsonl=as_json_lines)
    with session.ledger.reading() as view:
        found = view.findings(_stored_status(status))
    open_ones = [each for each in found if each.status.value == StatusChoice.OPEN.value]
    code = ExitCode.FINDINGS if open_ones else ExitCode.OK
    if as_json_lines:
        return stream_rows(session, (each.as_dict() for each in found), exit_code=code)
    return Answer(
        {"count": len(found), "open": len(open_ones), "findings": [each.as_dict() for each in found]},
        lambda console: render.findings(console, found, str(status)),
        findings=[each.finding for each in open_ones],
        exit_code=code,
    )


def _stored_status(status: StatusChoice) -> FindingStatus | None:
    from creditctl.ledger.models import FindingStatus

    return None if status is StatusChoice.ALL else FindingStatus(status.value)
