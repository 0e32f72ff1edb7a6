"""`creditctl emulator pay, decline, authenticate, expire, cards`: what a buyer does on the page, from a shell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.emulator.session import KeyNameOption, UrlOption, steering
from creditctl.cli.options import EnvFileOption, JsonOption
from creditctl.cli.render.table import Table, show_table

if TYPE_CHECKING:
    from creditctl.cli.console import Console

SessionArgument = Annotated[str, typer.Argument(help="A checkout session, cs_…", metavar="SESSION")]
CARD_HELP = "A test card by number or token (pm_card_…, tok_…); `creditctl emulator cards` lists them."


def pay(
    ctx: typer.Context,
    session: SessionArgument,
    card: Annotated[
        str | None,
        typer.Option("--card", help=CARD_HELP, metavar="CARD", show_default="one that pays in the emulator's mode"),
    ] = None,
    email: Annotated[str, typer.Option("--email", help="The buyer's e-mail address.")] = "buyer@example.com",
    name: Annotated[str | None, typer.Option("--name", help="The name on the card.", show_default="none")] = None,
    postal_code: Annotated[
        str | None, typer.Option("--postal-code", help="The card's ZIP code.", show_default="none")
    ] = None,
    url: UrlOption = None,
    key_name: KeyNameOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pay a checkout session that exists, with a test card; a decline is exit 4."""
    from creditctl.emulator_client import actions as act

    with steering(ctx, as_json=as_json, env_file=env_file, url=url, key_name=key_name) as at:
        report = act.pay(at.control, session, card, email=email, name=name, postal_code=postal_code)
        at.finish(report, *_session_lines(report))


def decline(
    ctx: typer.Context,
    session: SessionArgument,
    card: Annotated[
        str | None, typer.Option("--card", help=CARD_HELP, metavar="CARD", show_default="a generic decline")
    ] = None,
    url: UrlOption = None,
    key_name: KeyNameOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try to pay a session with a card that declines; the session stays open."""
    from creditctl.emulator_client import actions as act

    with steering(ctx, as_json=as_json, env_file=env_file, url=url, key_name=key_name) as at:
        report = act.decline(at.control, session, card)
        why = report["decline_code"] or report["code"]
        at.finish(
            report,
            f"Declined ({why}): {report['message']}",
            f"The session is {report['status']}. Pay it with another card: creditctl emulator pay {session}",
        )


def authenticate(
    ctx: typer.Context,
    object_id: Annotated[str, typer.Argument(help="A checkout session, cs_…, or a payment intent, pi_…", metavar="ID")],
    fail: Annotated[bool, typer.Option("--fail", help="Fail the challenge instead of passing it.")] = False,
    url: UrlOption = None,
    key_name: KeyNameOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pass (or fail) the 3D Secure challenge that a payment waits for."""
    from creditctl.emulator_client import actions as act

    with steering(ctx, as_json=as_json, env_file=env_file, url=url, key_name=key_name) as at:
        report = act.authenticate(at.control, object_id, passed=not fail)
        if "session" in report:
            at.finish(report, *_session_lines(report))
        at.finish(report, f"{report['payment_intent']} is {report['status']}.")


def expire(
    ctx: typer.Context,
    session: SessionArgument,
    url: UrlOption = None,
    key_name: KeyNameOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a session expire now, as if its time had come."""
    from creditctl.emulator_client import actions as act

    with steering(ctx, as_json=as_json, env_file=env_file, url=url, key_name=key_name) as at:
        report = act.expire(at.control, session)
        at.finish(report, f"{report['session']} is {report['status']}.", _LOG)


def cards(
    ctx: typer.Context,
    url: UrlOption = None,
    key_name: KeyNameOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the test cards and what each does."""
    with steering(ctx, as_json=as_json, env_file=env_file, url=url, key_name=key_name) as at:
        report = {"cards": at.control.control("GET", "/cards")["data"]}

        def human(console: Console) -> None:
            show_table(console, _card_table(report["cards"]))
            console.print("Next: creditctl emulator pay cs_… --card NUMBER")

        at.run.finish(report, human=human)


_LOG = "Next: creditctl emulator deliveries"


def _session_lines(report: dict[str, Any]) -> list[str]:
    from creditctl.core.money import format_amount

    session = report["session"]
    if report["needs_authentication"]:
        return [
            f"{session} waits for 3D Secure: nothing is paid yet.",
            f"Next: creditctl emulator authenticate {session} (or with --fail)",
        ]
    if report["status"] == "open":
        return [
            f"{session} is not paid: it is still open.",
            f"Next: creditctl emulator pay {session} --card 4242424242424242",
        ]
    total = format_amount(report["amount_total"], report["currency"])
    payment = f" by {report['payment_intent']}" if report["payment_intent"] else ""
    return [f"{session} is {report['status']}, {report['payment_status']}: {total}{payment}.", _LOG]


def _card_table(rows: list[dict[str, Any]]) -> Table:
    table = Table(("Number", "Brand", "What happens", "Tokens"))
    for row in rows:
        number = " ".join(row["number"][place : place + 4] for place in range(0, len(row["number"]), 4))
        table.add(number, row["brand"], _effect(row), " ".join(row["tokens"]))
    return table


def _effect(row: dict[str, Any]) -> str:
    if row["decline_code"]:
        return f"declines: {row['decline_code']}"
    parts = ["asks for 3D Secure" if row["challenge"] else "pays"]
    parts += [f"then disputes: {row['dispute']}"] if row["dispute"] else []
    parts += [f"refunds: {row['refund']}"] if row["refund"] else []
    return ", ".join(parts)
