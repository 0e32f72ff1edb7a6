"""`creditctl events archive`: keeps every event beside the ledger, for after the thirty days that Stripe lists them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from creditctl.cli.command import Answer, FileUse, Session, StripeUse, Writes, command
from creditctl.cli.events.session import goes_on, kept_archive, open_files
from creditctl.cli.ledger.retention import prune_archive
from creditctl.cli.progress import progress
from creditctl.core.errors import ExitCode

if TYPE_CHECKING:
    from creditctl.events.archive import ArchiveReport

_ARCHIVE_GOES_ON = "What was read is kept; `creditctl events archive` goes on there."


@command(stripe=StripeUse.REQUIRED, ledger=FileUse.IF_THERE, archive=FileUse.CREATE, writes=Writes.FILES)
def archive(session: Session) -> Answer:
    """Keep every event beside the ledger, for after Stripe's thirty days. For cron; exit 1 when events were lost."""
    from creditctl.events.archive import archive_events

    open_files(session)
    kept, clock = kept_archive(session), session.wiring.clock
    with goes_on(_ARCHIVE_GOES_ON), progress(session) as told:
        report = archive_events(session.stripe.client, kept, clock=clock, progress=told)
    removed = prune_archive(session, kept, session.ledger_if_there)
    return _answer(replace(report, removed=removed, kept=kept.count(), span=kept.span()) if removed else report)


def _answer(report: ArchiveReport) -> Answer:
    from creditctl.cli.render import events as render

    findings = report.findings()
    code = ExitCode.FINDINGS if findings else ExitCode.OK
    return Answer(report.as_dict(), lambda console: render.archive(console, report), findings=findings, exit_code=code)
