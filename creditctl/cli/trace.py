"""`creditctl trace`: everything known about one payment, session, charge, refund, event or user, on one time line."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, FileUse, Session, StripeUse, command
from creditctl.cli.options import CatalogOption
from creditctl.cli.progress import status_line
from creditctl.core.errors import ExitCode

if TYPE_CHECKING:
    from creditctl.trace.timeline import Trace


@command(stripe=StripeUse.REQUIRED, ledger=FileUse.IF_THERE, archive=FileUse.IF_THERE)
def trace(
    session: Session,
    subject: Annotated[
        str,
        typer.Argument(
            help="cs_…, pi_…, ch_…, re_…, dp_…, in_…, cus_…, evt_…, user:ID, an order number of the application's, or "
            'its "row N" without one.',
            metavar="ID",
            show_default=False,
        ),
    ],
    offline: Annotated[bool, typer.Option("--offline", help="Ask archive and ledger only, not Stripe.")] = False,
    catalog: CatalogOption = None,
) -> Answer:
    """Show one payment from Stripe, its events and the ledger, and the first thing that is missing.

    Exit 1 when something is missing, 5 when Stripe did not answer and the picture is incomplete.
    """
    from creditctl.cli.ledger.source import entries_keeper
    from creditctl.payments.verdict import JudgementContext
    from creditctl.trace.reader import read_trace, with_rivals, with_unexplained
    from creditctl.trace.sources import TraceSources
    from creditctl.trace.timeline import build_trace

    stripe, ledger, archive = session.stripe, session.ledger_if_there, session.archive
    packages = session.catalog(catalog).named_since(None if ledger is None else ledger.named_since)
    keeper = entries_keeper(session, read=not offline)
    with status_line(session) as show:
        sources = TraceSources(
            client=None if offline else lambda: stripe.client,
            archive=archive,
            ledger=ledger,
            clock=session.wiring.clock,
            keeper=keeper,
            ahead_seconds=stripe.ahead_seconds,
            progress=None if show is None else lambda what: show(f"reading {what}"),
        )
        facts = read_trace(sources, subject, packages)
        now = session.wiring.clock()
        now = keeper.read_at or now
        settled = facts.settled
        context = JudgementContext(packages, stripe.livemode, now, facts.started, settled=settled, keeper=keeper)
        context = replace(context, ahead_seconds=stripe.ahead_seconds())
        context = with_unexplained(sources, packages, facts, context)
        return _answer(build_trace(with_rivals(sources, facts, context), context))


def _answer(found: Trace) -> Answer:
    from creditctl.cli.render.trace import render

    findings = found.findings()
    exit_code = ExitCode.UNREACHABLE if found.away else ExitCode.FINDINGS if findings else ExitCode.OK
    return Answer(found.as_dict(), lambda console: render(console, found), findings=findings, exit_code=exit_code)
