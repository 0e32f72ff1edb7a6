"""`creditctl events replay`: past events sent again, in order, freshly signed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, FileUse, Session, StripeUse, Writes, command
from creditctl.cli.events.delivery_target import replay_target, sender_to
from creditctl.cli.events.event_filter import (
    ArchiveOption,
    EventFilter,
    ObjectOption,
    TypeOption,
    UndeliveredOption,
    UserOption,
)
from creditctl.cli.events.replay_selection import ReplayOptions, ReplaySelection, require_clear_choice
from creditctl.cli.events.session import goes_on, kept_archive, open_files, require_archive, scratch_archive
from creditctl.cli.options import SinceOption, UntilOption
from creditctl.core.errors import ExitCode
from creditctl.core.findings import Finding, Severity
from creditctl.core.stripe_ids import require_id

if TYPE_CHECKING:
    from creditctl.events.replay import ReplayReport, ReplayResult


@command(
    stripe=StripeUse.REQUIRED,
    ledger=FileUse.IF_THERE,
    archive=FileUse.CREATE,
    writes=Writes.STRIPE,
    dry_run=True,
    webhook=True,
)
def replay(
    session: Session,
    event_ids: Annotated[
        list[str] | None, typer.Argument(help="Events; without any, a filter has to be given.", metavar="EVENT")
    ] = None,
    types: TypeOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    undelivered: UndeliveredOption = False,
    about: ObjectOption = None,
    user: UserOption = None,
    to: Annotated[
        str | None, typer.Option("--to", help="Another URL than the registered endpoint's.", metavar="URL")
    ] = None,
    via_stripe: Annotated[bool, typer.Option("--via-stripe", help="Let Stripe resend to the endpoint.")] = False,
    archive: ArchiveOption = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most this many deliveries in one run.")] = 100,
    rate: Annotated[float, typer.Option("--rate", min=0, help="Deliveries a second; 0 for no pause.")] = 5,
    skip_posted: Annotated[
        bool, typer.Option("--skip-posted", help="Leave out those whose entry is in the ledger already.")
    ] = False,
    max_failures: Annotated[int, typer.Option("--max-failures", min=1, help="Stop after this many failures.")] = 3,
    restart: Annotated[bool, typer.Option("--restart", help="Do not continue an interrupted replay.")] = False,
) -> Answer:
    """Send past events again, in order, freshly signed. The same command continues a replay that was interrupted.

    To a live backend only with --mode live and the account's id confirmed, as for every delivery there.
    Exit 1 when an event was not accepted or some are left, 5 when it stopped after too many failures.
    """
    from creditctl.events.replay import ReplayPolicy

    wanted = EventFilter(tuple(types or ()), since, until, about, user, undelivered)
    ids = tuple(require_id(each, "The event") for each in event_ids or ())
    options = ReplayOptions(ids, wanted, to, via_stripe, archive, restart)
    require_clear_choice(options)
    policy = ReplayPolicy(limit, max_failures, 1 / rate if rate else 0, skip_posted, each_once=undelivered)
    open_files(session)
    require_archive(session, archive=archive, undelivered=undelivered)
    target = replay_target(session, to, via_stripe=via_stripe)
    selection = ReplaySelection(session, options, target, policy)
    if session.dry_run:
        return _plan_answer(session, selection)
    with goes_on("What was accepted is written down; the same command again goes on after it."):
        return _answer(_play(session, selection))


def _plan_answer(session: Session, selection: ReplaySelection) -> Answer:
    from creditctl.cli.render import events as render

    with scratch_archive(session) as archive:
        report = selection.plan(archive)
    return Answer(report, lambda console: render.plan(console, report))


def _play(session: Session, selection: ReplaySelection) -> ReplayReport:
    from creditctl.events.replay import Replayer

    archive, via_stripe = kept_archive(session), selection.options.via_stripe
    if not via_stripe:
        session.guard_deliveries()
    send = sender_to(session, selection.target, via_stripe=via_stripe)
    session.stack.enter_context(archive.lock("replay", "A replay"))
    number, resumed = selection.begin(archive)
    replayer = Replayer(
        archive=archive,
        send=send,
        ledger=session.ledger_if_there,
        clock=session.wiring.clock,
        sleep=session.wiring.sleep,
        tell=lambda result: _tell(session, result),
        watch=not via_stripe,
    )
    return replayer.run(number, selection.target.name, selection.policy, resumed=resumed)


def _tell(session: Session, result: ReplayResult) -> None:
    if not session.as_json:
        answer = f"[{result.answer}]" if result.answer else ""
        session.say(f"{result.state:<9}{result.record.type} {result.record.id} {answer}")


def _answer(report: ReplayReport) -> Answer:
    from creditctl.cli.render import events as render

    findings = [
        Finding(
            "events.not_accepted",
            Severity.HIGH,
            result.record.id,
            f"{result.record.type} {result.record.id} was not accepted: {result.answer}.",
            "Look at the backend's log, then run the same command again: it goes on there.",
        )
        for result in report.results
        if result.state == "failed"
    ]
    if report.left and not findings:
        findings.append(_left(report))
    code = ExitCode.OK if not report.left else ExitCode.FINDINGS
    if report.stopped_by_failures:
        code = ExitCode.UNREACHABLE
    return Answer(report.as_dict(), lambda console: render.replay(console, report), findings=findings, exit_code=code)


def _left(report: ReplayReport) -> Finding:
    return Finding(
        "events.left",
        Severity.LOW,
        report.target,
        f"{report.left:,} events are still to be sent.",
        "Run the same command again: it goes on there.",
    )
