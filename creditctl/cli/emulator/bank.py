"""`creditctl emulator refund, dispute, settle, fail`: what the seller and the banks do, from a shell."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from creditctl.cli.command import Answer
from creditctl.cli.emulator.session import EmulatorSession, emulator_command
from creditctl.cli.render.emulator import DELIVERIES_NEXT, money

PaymentArgument = Annotated[
    str, typer.Argument(help="A checkout session (cs_…), payment intent (pi_…) or charge (ch_…).", metavar="PAYMENT")
]


class RefundReason(StrEnum):
    """Why money goes back. Source: Stripe API reference, "Create a refund"."""

    DUPLICATE = "duplicate"
    FRAUDULENT = "fraudulent"
    REQUESTED = "requested_by_customer"


class DisputeKind(StrEnum):
    """The disputes that Stripe's test cards make. Source: Stripe documentation, "Testing", "Disputes"."""

    FRAUDULENT = "fraudulent"
    NOT_RECEIVED = "product_not_received"
    INQUIRY = "inquiry"
    MULTIPLE = "multiple"
    CE3 = "ce3"
    COMPLIANCE = "compliance"


class Ending(StrEnum):
    """How a dispute can end."""

    WON = "won"
    LOST = "lost"
    WARNING_CLOSED = "warning_closed"


@emulator_command()
def refund(
    at: EmulatorSession,
    payment: PaymentArgument,
    amount: Annotated[
        str | None,
        typer.Option("--amount", help="Such as 5.00 or 5.00usd.", metavar="AMOUNT", show_default="all"),
    ] = None,
    reason: Annotated[
        RefundReason | None, typer.Option("--reason", help="Stripe's reason.", show_default="none")
    ] = None,
) -> Answer:
    """Refund a payment, in full or in part."""
    from creditctl.emulator_client import actions as act

    report = act.refund(at.control, payment, amount=amount, reason=reason)
    made = report["refund"]
    return Answer.lines(
        report,
        f"{made} is {report['status']}: {money(report)}.",
        f"The bank returns it? creditctl emulator fail {made}",
    )


@emulator_command()
def dispute(
    at: EmulatorSession,
    payment: PaymentArgument,
    kind: Annotated[DisputeKind, typer.Option("--kind", help="What the cardholder says.")] = DisputeKind.FRAUDULENT,
    amount: Annotated[
        str | None,
        typer.Option(
            "--amount",
            help="Such as 5.00 or 5.00usd; it may be refunded already.",
            metavar="AMOUNT",
            show_default="what was not refunded",
        ),
    ] = None,
) -> Answer:
    """Open a dispute, or an inquiry, on a payment, also on one that was refunded."""
    from creditctl.emulator_client import actions as act

    report = act.dispute(at.control, payment, kind, amount)
    made = report["dispute"]
    ending = "warning_closed" if str(report["status"]).startswith("warning") else "won"
    return Answer.lines(
        report,
        f"{made} is {report['status']}: {money(report)}, {report['reason']}.",
        f"Next: creditctl emulator settle {made} --status {ending}",
    )


@emulator_command()
def settle(
    at: EmulatorSession,
    dispute_id: Annotated[str, typer.Argument(help="A dispute, du_… or dp_…", metavar="DISPUTE")],
    status: Annotated[
        Ending | None, typer.Option("--status", help="How it ends.", show_default="won; an inquiry: warning_closed")
    ] = None,
) -> Answer:
    """End a dispute: won, lost, or an inquiry closed."""
    from creditctl.emulator_client import actions as act

    report = act.settle(at.control, dispute_id, status)
    return Answer.lines(report, f"{report['dispute']} is {report['status']}: {money(report)}.", DELIVERIES_NEXT)


@emulator_command()
def fail(
    at: EmulatorSession,
    object_id: Annotated[str, typer.Argument(help="A refund, re_…, or a payout, po_…", metavar="ID")],
    reason: Annotated[
        str | None, typer.Option("--reason", help="Stripe's failure reason or code.", show_default="Stripe's own")
    ] = None,
) -> Answer:
    """Let the bank return a refund or a payout."""
    from creditctl.emulator_client import actions as act

    report = act.fail(at.control, object_id, reason)
    return Answer.lines(report, f"{object_id} is {report['status']}: {money(report)}.", DELIVERIES_NEXT)
