"""`creditctl emulator pay, decline, authenticate, expire, cards`: what a buyer does on the page, from a shell."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from creditctl.cli.command import Answer
from creditctl.cli.emulator.session import EmulatorSession, emulator_command
from creditctl.cli.render.emulator import DELIVERIES_NEXT, cards_answer, session_answer
from creditctl.core.errors import UsageError

SessionArgument = Annotated[str, typer.Argument(help="A checkout session, cs_…", metavar="SESSION")]
CARD_HELP = "A test card by number or token (pm_card_…, tok_…); `creditctl emulator cards` lists them."


class BankResult(StrEnum):
    """What the bank answers to a debit, some time after the session is complete."""

    SUCCESS = "success"
    FAIL = "fail"


QuantityOption = Annotated[
    int | None,
    typer.Option("--quantity", help="First buy so many of the item that can be adjusted.", show_default="as offered"),
]
TaxIdOption = Annotated[
    str | None,
    typer.Option("--tax-id", help="The buyer's tax ID, as eu_vat:DE123456789.", metavar="TYPE:ID", show_default="none"),
]
FieldOption = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        help="The answer to a custom field, by its key; several times.",
        metavar="NAME=VALUE",
        show_default="none",
    ),
]
BusinessNameOption = Annotated[
    str | None, typer.Option("--business-name", help="The business that buys.", show_default="none")
]


IndividualNameOption = Annotated[
    str | None, typer.Option("--individual-name", help="The person that buys, where asked for.", show_default="none")
]
PhoneOption = Annotated[
    str | None, typer.Option("--phone", help="The buyer's phone number.", show_default="one where it is asked for")
]


def read_fields(given: list[str] | None) -> dict[str, str] | None:
    """Answers to custom fields from NAME=VALUE. Errors: UsageError for a text without a name, or a second answer."""
    pairs = [text.partition("=") for text in given or []]
    wrong = next((name + value for name, equals, value in pairs if not name or not equals), None)
    if wrong is not None:
        raise UsageError(f"`{wrong}` is no answer to a field.", code="usage.pay", fix="Write --field NAME=VALUE.")
    answers = {name: value for name, _, value in pairs}
    if len(answers) < len(pairs):
        raise UsageError(
            "A custom field is answered twice.", code="usage.pay", fix="Write --field NAME=VALUE once per field."
        )
    return answers or None


@emulator_command()
def pay(
    at: EmulatorSession,
    session: SessionArgument,
    card: Annotated[
        str | None,
        typer.Option("--card", help=CARD_HELP, metavar="CARD", show_default="one that pays in the emulator's mode"),
    ] = None,
    email: Annotated[str, typer.Option("--email", help="The buyer's e-mail address.")] = "buyer@example.com",
    name: Annotated[str | None, typer.Option("--name", help="The name on the card.", show_default="none")] = None,
    postal_code: Annotated[
        str | None, typer.Option("--postal-code", help="The buyer's ZIP code.", show_default="none")
    ] = None,
    country: Annotated[
        str | None, typer.Option("--country", help="The buyer's country, two letters.", show_default="none")
    ] = None,
    bank: Annotated[
        BankResult | None,
        typer.Option(
            "--bank", help="By a bank debit instead of a card; its result comes seconds later.", show_default="card"
        ),
    ] = None,
    promo: Annotated[
        str | None, typer.Option("--promo", help="First enter this promotion code.", show_default="none")
    ] = None,
    quantity: QuantityOption = None,
    tax_id: TaxIdOption = None,
    field: FieldOption = None,
    business_name: BusinessNameOption = None,
    individual_name: IndividualNameOption = None,
    phone: PhoneOption = None,
) -> Answer:
    """Pay a checkout session that exists, with a test card or by a bank debit; a decline is exit 4."""
    from creditctl.emulator_client import actions as act

    if card is not None and bank is not None:
        raise UsageError("--card and --bank are two ways to pay.", code="usage.pay", fix="Leave one of the two out.")
    buyer: dict[str, object] = {"email": email, "name": name, "postal_code": postal_code, "country": country}
    buyer |= {"quantity": quantity, "tax_id": tax_id, "fields": read_fields(field), "business_name": business_name}
    buyer |= {"individual_name": individual_name, "phone": phone}
    report = act.pay(at.control, session, card, **buyer, bank=bank, promo=promo)
    return session_answer(report)


@emulator_command()
def decline(
    at: EmulatorSession,
    session: SessionArgument,
    card: Annotated[
        str | None, typer.Option("--card", help=CARD_HELP, metavar="CARD", show_default="a generic decline")
    ] = None,
    tax_id: TaxIdOption = None,
    field: FieldOption = None,
) -> Answer:
    """Try to pay a session with a card that declines; the session stays open."""
    from creditctl.emulator_client import actions as act

    report = act.decline(at.control, session, card, tax_id=tax_id, fields=read_fields(field))
    why = report["decline_code"] or report["code"]
    return Answer.lines(
        report,
        f"Declined ({why}): {report['message']}",
        f"The session is {report['status']}. Pay it with another card: creditctl emulator pay {session}",
    )


@emulator_command()
def authenticate(
    at: EmulatorSession,
    object_id: Annotated[
        str, typer.Argument(help="A checkout session, cs_…, or an intent, pi_… or seti_…", metavar="ID")
    ],
    fail: Annotated[bool, typer.Option("--fail", help="Fail the challenge instead of passing it.")] = False,
) -> Answer:
    """Pass (or fail) the 3D Secure challenge that a payment waits for."""
    from creditctl.emulator_client import actions as act

    report = act.authenticate(at.control, object_id, passed=not fail)
    if "session" in report:
        return session_answer(report)
    intent = report.get("payment_intent") or report["setup_intent"]
    return Answer.lines(report, f"{intent} is {report['status']}.")


@emulator_command()
def expire(at: EmulatorSession, session: SessionArgument) -> Answer:
    """Let a session expire now, as if its time had come."""
    from creditctl.emulator_client import actions as act

    report = act.expire(at.control, session)
    return Answer.lines(report, f"{report['session']} is {report['status']}.", DELIVERIES_NEXT)


@emulator_command()
def cards(at: EmulatorSession) -> Answer:
    """List the test cards and what each does."""
    return cards_answer(at.control.control("GET", "/cards")["data"])
