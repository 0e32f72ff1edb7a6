"""`creditctl emulator refund, dispute, settle, fail`: what the seller and the banks do, from a shell."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from creditctl.cli.emulator.session import KeyNameOption, UrlOption, steering
from creditctl.cli.options import EnvFileOption, JsonOption

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


def refund(
    ctx: typer.Context,
    payment: PaymentArgument,
    amount: Annotated[
        int | None, typer.Option("--amount", min=1, help="In minor units (cents).", show_default="all")
    ] = None,
    reason: Annotated[
        RefundReason | None, typer.Option("--reason", help="Stripe's reason.", show_default="none")
    ] = None,
    url: UrlOption = None,
    key_name: KeyNameOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Refund a payment, in full or in part."""
    from creditctl.emulator_client import actions as act

    with steering(ctx, as_json=as_json, env_file=env_file, url=url, key_name=key_name) as at:
        report = act.refund(at.control, payment, amount=amount, reason=reason)
        made = report["refund"]
        at.finish(
            report,
            f"{made} is {report['status']}: {_money(report)}.",
            f"The bank returns it? creditctl emulator fail {made}",
        )


def dispute(
    ctx: typer.Context,
    payment: PaymentArgument,
    kind: Annotated[DisputeKind, typer.Option("--kind", help="What the cardholder says.")] = DisputeKind.FRAUDULENT,
    url: UrlOption = None,
    key_name: KeyNameOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open a dispute, or an inquiry, on a payment."""
    from creditctl.emulator_client import actions as act

    with steering(ctx, as_json=as_json, env_file=env_file, url=url, key_name=key_name) as at:
        report = act.dispute(at.control, payment, kind)
        made = report["dispute"]
        ending = "warning_closed" if str(report["status"]).startswith("warning") else "won"
        at.finish(
            report,
            f"{made} is {report['status']}: {_money(report)}, {report['reason']}.",
            f"Next: creditctl emulator settle {made} --status {ending}",
        )


def settle(
    ctx: typer.Context,
    dispute_id: Annotated[str, typer.Argument(help="A dispute, du_… or dp_…", metavar="DISPUTE")],
    status: Annotated[Ending, typer.Option("--status", help="How it ends; an inquiry is closed.")] = Ending.WON,
    url: UrlOption = None,
    key_name: KeyNameOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a dispute: won, lost, or an inquiry closed."""
    from creditctl.emulator_client import actions as act

    with steering(ctx, as_json=as_json, env_file=env_file, url=url, key_name=key_name) as at:
        report = act.settle(at.control, dispute_id, status)
        at.finish(report, f"{report['dispute']} is {report['status']}: {_money(report)}.", _LOG)


def fail(
    ctx: typer.Context,
    object_id: Annotated[str, typer.Argument(help="A refund, re_…, or a payout, po_…", metavar="ID")],
    reason: Annotated[
        str | None, typer.Option("--reason", help="Stripe's failure reason or code.", show_default="Stripe's own")
    ] = None,
    url: UrlOption = None,
    key_name: KeyNameOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let the bank return a refund or a payout."""
    from creditctl.emulator_client import actions as act

    with steering(ctx, as_json=as_json, env_file=env_file, url=url, key_name=key_name) as at:
        report = act.fail(at.control, object_id, reason)
        at.finish(report, f"{object_id} is {report['status']}: {_money(report)}.", _LOG)


_LOG = "Next: creditctl emulator deliveries"


def _money(report: dict[str, Any]) -> str:
    from creditctl.core.money import format_amount

    return format_amount(report["amount"], report["currency"])
