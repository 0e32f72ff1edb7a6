"""`creditctl emulator pay, decline, authenticate, expire, cards`: what a buyer does, from a shell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from creditctl.core.errors import ExitCode
from tests.support.terminal import assert_whole

if TYPE_CHECKING:
    from tests.support.cli import Cli

GOOD, DECLINED, SHORT_OF_MONEY, CHALLENGE = (
    "4242424242424242",
    "4000000000000002",
    "4000000000009995",
    "4000000000003220",
)


def test_pay_finishes_a_session_that_exists(cli: Cli, client: stripe.StripeClient, session: Callable[[], str]) -> None:
    made = session()

    outcome = cli("emulator", "pay", made, "--card", "4242 4242 4242 4242", "--email", "a@example.com", "--json")

    assert outcome.exit_code == ExitCode.OK
    assert outcome.document["schema"] == "creditctl.emulator.pay.v1"
    assert outcome.document["mode"] == "emulator"
    assert (outcome.report["status"], outcome.report["payment_status"]) == ("complete", "paid")
    assert outcome.report["client_reference_id"] == "user_1"
    held = client.v1.checkout.sessions.retrieve(made)
    assert (held.status, held.payment_intent) == ("complete", outcome.report["payment_intent"])
    assert held.customer_details is not None
    assert held.customer_details.email == "a@example.com"


@pytest.mark.parametrize(
    ("card", "code"), [(DECLINED, "generic_decline"), (SHORT_OF_MONEY, "insufficient_funds"), ("1234", None)]
)
def test_a_card_that_is_refused_is_exit_4_and_the_session_stays_open(
    cli: Cli, client: stripe.StripeClient, session: Callable[[], str], card: str, code: str | None
) -> None:
    made = session()

    outcome = cli("emulator", "pay", made, "--card", card, "--json")

    assert outcome.exit_code == ExitCode.STRIPE_REFUSED
    assert outcome.document["error"]["code"] == f"stripe.{code or 'incorrect_number'}"
    assert "emulator cards" in outcome.document["error"]["fix"]
    assert client.v1.checkout.sessions.retrieve(made).status == "open"


def test_a_decline_on_purpose_is_no_failure(cli: Cli, session: Callable[[], str]) -> None:
    made = session()

    outcome = cli("emulator", "decline", made, "--card", SHORT_OF_MONEY)

    assert outcome.exit_code == ExitCode.OK
    assert "Declined (insufficient_funds)" in outcome.stdout
    assert f"creditctl emulator pay {made}" in outcome.stdout
    assert cli("emulator", "decline", made, "--card", GOOD).exit_code == ExitCode.STRIPE_REFUSED


@pytest.mark.parametrize(
    ("extra", "status", "payment_status"), [([], "complete", "paid"), (["--fail"], "open", "unpaid")]
)
def test_a_3ds_card_waits_until_the_challenge_is_answered(
    cli: Cli, session: Callable[[], str], extra: list[str], status: str, payment_status: str
) -> None:
    made = session()

    waiting = cli("emulator", "pay", made, "--card", CHALLENGE, "--json")
    answered = cli("emulator", "authenticate", made, *extra, "--json")

    assert (waiting.exit_code, waiting.report["status"], waiting.report["needs_authentication"]) == (0, "open", True)
    assert answered.exit_code == ExitCode.OK
    assert (answered.report["status"], answered.report["payment_status"]) == (status, payment_status)
    assert answered.report["needs_authentication"] is False


def test_what_a_3ds_card_needs_next_is_said(cli: Cli, session: Callable[[], str]) -> None:
    made = session()

    shown = cli("emulator", "pay", made, "--card", CHALLENGE).stdout

    assert "nothing is paid yet" in shown
    assert f"creditctl emulator authenticate {made}" in shown


def test_a_payment_intent_without_a_session_is_authenticated_too(cli: Cli, client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(
        params={
            "amount": 500,
            "currency": "usd",
            "confirm": True,
            "payment_method": "pm_card_authenticationRequired",
            "return_url": "http://127.0.0.1:3000/back",
        }
    )
    assert intent.status == "requires_action"

    assert cli("emulator", "authenticate", intent.id, "--json").report["status"] == "succeeded"


def test_expire(cli: Cli, client: stripe.StripeClient, session: Callable[[], str]) -> None:
    made = session()

    assert "is expired" in cli("emulator", "expire", made).stdout
    assert client.v1.checkout.sessions.retrieve(made).status == "expired"
    assert cli("emulator", "pay", made).exit_code == ExitCode.STRIPE_REFUSED


def test_every_card_number_and_token_is_whole_at_80_columns_and_in_a_pipe(cli: Cli) -> None:
    cards = cli("emulator", "cards", "--json").report["cards"]
    numbers = [" ".join(card["number"][place : place + 4] for place in range(0, 16, 4)).strip() for card in cards]

    assert_whole(cli, ["emulator", "cards"], [*numbers, *(token for card in cards for token in card["tokens"])])
    assert len(numbers) > 10


def priced(client: stripe.StripeClient, currency: str, amount: int, **more: Any) -> str:
    """An open session over an amount of a currency."""
    data: Any = {"currency": currency, "unit_amount": amount, "product_data": {"name": "Starter"}}
    items = {"line_items": [{"price_data": data, "quantity": 1}]}
    params: Any = {"mode": "payment", "success_url": "http://127.0.0.1:3000/done", **items, **more}
    return client.v1.checkout.sessions.create(params).id


@pytest.mark.parametrize("currency", ["usd", "eur", "gbp", "aud", "cad"])
@pytest.mark.parametrize(("bank", "ends"), [("success", "paid"), ("fail", "unpaid")])
def test_a_bank_debit_in_every_currency_that_has_one_and_its_result(
    cli: Cli, client: stripe.StripeClient, currency: str, bank: str, ends: str
) -> None:
    made = priced(client, currency, 1000)

    paid = cli("emulator", "pay", made, "--bank", bank)
    assert "is complete, unpaid" in paid.stdout
    assert f"creditctl emulator advance 5s --object {made}" in paid.stdout
    cli("emulator", "advance", "5s", "--object", made)

    assert client.v1.checkout.sessions.retrieve(made).payment_status == ends
    result = "succeeded" if bank == "success" else "failed"
    [event] = client.v1.events.list({"type": f"checkout.session.async_payment_{result}"}).data
    assert event.data.object["id"] == made
    charge = client.v1.charges.list().data[0]
    assert (charge.status, charge.failure_code is None) == (result, bank == "success")


def test_a_currency_without_a_bank_debit_is_refused_by_name(cli: Cli, client: stripe.StripeClient) -> None:
    done = cli("emulator", "pay", priced(client, "jpy", 1000), "--bank", "success")

    assert done.exit_code == ExitCode.STRIPE_REFUSED
    assert "no bank debit in JPY; it has them in AUD, CAD, EUR, GBP, USD" in done.stderr


def test_two_ways_to_pay_at_once_are_refused(cli: Cli, session: Callable[[], str]) -> None:
    assert cli("emulator", "pay", session(), "--bank", "success", "--card", GOOD).exit_code == ExitCode.USAGE


def test_a_promotion_code_and_a_country(cli: Cli, client: stripe.StripeClient) -> None:
    coupon = client.v1.coupons.create({"percent_off": 25})
    client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "WELCOME"})
    made = priced(client, "usd", 1000, allow_promotion_codes=True)

    wrong = cli("emulator", "pay", made, "--promo", "NOTHING")
    assert (wrong.exit_code, client.v1.checkout.sessions.retrieve(made).status) == (ExitCode.STRIPE_REFUSED, "open")
    done = cli("emulator", "pay", made, "--promo", "WELCOME", "--country", "de", "--postal-code", "10115", "--json")

    assert (done.report["amount_total"], done.report["payment_status"]) == (750, "paid")
    held: Any = client.v1.checkout.sessions.retrieve(made)
    assert held.total_details.amount_discount == 250
    assert (held.customer_details.address.country, held.customer_details.address.postal_code) == ("DE", "10115")


def test_a_country_that_is_none_is_refused(cli: Cli, session: Callable[[], str]) -> None:
    done = cli("emulator", "pay", session(), "--country", "Germany")

    assert (done.exit_code, "2-character" in done.stderr) == (ExitCode.STRIPE_REFUSED, True)


def test_what_the_page_asks_is_answered_from_the_shell(cli: Cli, client: stripe.StripeClient) -> None:
    price = client.v1.prices.create({"currency": "usd", "unit_amount": 1000, "product_data": {"name": "Starter"}}).id
    made = client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "success_url": "https://example.com",
            "line_items": [{"price": price, "quantity": 1, "adjustable_quantity": {"enabled": True}}],
            "custom_fields": [{"key": "team", "label": {"type": "custom", "custom": "Team"}, "type": "text"}],
            "tax_id_collection": {"enabled": True},
        }
    ).id
    missing = cli("emulator", "pay", made)
    assert (missing.exit_code, "team" in missing.stderr) == (4, True)
    unreadable = cli("emulator", "pay", made, "--field", "blue")
    assert (unreadable.exit_code, "--field NAME=VALUE" in unreadable.stderr) == (2, True)
    twice = cli("emulator", "pay", made, "--field", "team=blue", "--field", "team=red")
    assert (twice.exit_code, "answered twice" in twice.stderr) == (2, True)
    answers = ("--field", "team=blue", "--tax-id", "eu_vat:DE123456789", "--business-name", "Acme", "--quantity", "3")
    done = cli("emulator", "pay", made, *answers, "--json")
    assert done.exit_code == 0
    session = client.v1.checkout.sessions.retrieve(made)
    assert session.amount_total == 3000
    assert session.customer_details is not None
    assert session.customer_details.name == "Acme"


def test_a_decline_answers_what_the_page_asks_too(cli: Cli, client: stripe.StripeClient) -> None:
    asked: Any = [{"key": "engraving", "label": {"type": "custom", "custom": "Engraving"}, "type": "text"}]
    made = priced(client, "usd", 1000, custom_fields=asked)
    assert cli("emulator", "decline", made).exit_code == ExitCode.STRIPE_REFUSED

    assert cli("emulator", "decline", made, "--field", "engraving=For you").exit_code == ExitCode.OK
    assert client.v1.checkout.sessions.retrieve(made).status == "open"


def test_a_name_and_a_phone_number_are_given_where_they_are_asked_for(cli: Cli, client: stripe.StripeClient) -> None:
    names: Any = {"individual": {"enabled": True}}
    made = priced(client, "usd", 1000, name_collection=names, phone_number_collection={"enabled": True})

    assert cli("emulator", "pay", made, "--individual-name", "Ada L.", "--phone", "+49 30 1").exit_code == ExitCode.OK
    details: Any = client.v1.checkout.sessions.retrieve(made).customer_details
    assert (details.individual_name, details.phone) == ("Ada L.", "+49 30 1")


def test_a_card_that_is_being_saved_is_authenticated(cli: Cli, client: stripe.StripeClient) -> None:
    intent = client.v1.setup_intents.create(
        {
            "confirm": True,
            "payment_method": "pm_card_authenticationRequired",
            "return_url": "https://example.com",
        }
    )
    done = cli("emulator", "authenticate", intent.id)

    assert (done.exit_code, f"{intent.id} is succeeded." in done.stdout) == (0, True)
    assert client.v1.setup_intents.retrieve(intent.id).status == "succeeded"
