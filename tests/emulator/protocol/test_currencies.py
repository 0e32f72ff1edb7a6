"""Amounts in our own words are the command line's, and in Stripe's messages they are Stripe's."""

import pytest

from creditctl.core.money import format_amount
from creditctl.emulator.protocol.currencies import in_words, written
from tests.emulator.world import Inside

WAYS = "automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never"
CARD = f"confirm=true&{WAYS}&payment_method=pm_card_bypassPending"
TOO_FINE = "invalid_charge_amount_no_decimal_compatible"


@pytest.mark.parametrize(
    ("amount", "currency"), [(500, "usd"), (-5, "usd"), (1234567, "eur"), (500, "jpy"), (5, "kwd")]
)
def test_one_format_of_money_for_people(amount: int, currency: str) -> None:
    assert in_words(amount, currency) == format_amount(amount, currency)


def test_the_format_of_stripes_messages() -> None:
    assert (written(500, "eur"), written(-5, "usd"), written(500, "sek")) == ("€5.00", "-$0.05", "5.00")


@pytest.mark.parametrize(
    ("currency", "whole", "fine", "code"), [("isk", 20_000, 50, TOO_FINE), ("kwd", 20_000, 55, None)]
)
def test_what_is_too_fine_is_neither_charged_nor_captured_nor_refunded(
    ask: Inside, currency: str, whole: int, fine: int, code: str | None
) -> None:
    """Source: support.stripe.com, "Deprecation of fractional ISK charges and refunds"; Stripe docs, "Currencies"."""
    paid = f"amount={whole}&currency={currency}&{CARD}"
    intent = ask("POST", "/v1/payment_intents", paid)[1]["id"]
    held = ask("POST", "/v1/payment_intents", f"{paid}&capture_method=manual")[1]["id"]
    for path, form in (
        ("/v1/payment_intents", f"amount={whole + fine}&currency={currency}"),
        (f"/v1/payment_intents/{held}/capture", f"amount_to_capture={fine}"),
        ("/v1/refunds", f"payment_intent={intent}&amount={fine}"),
    ):
        status, body, _ = ask("POST", path, form)
        assert (status, body["error"].get("code")) == (400, code)
    assert ask("POST", "/v1/refunds", f"payment_intent={intent}&amount=10000")[0] == 200


def test_forints_are_paid_out_whole(ask: Inside) -> None:
    """Source: Stripe docs, "Currencies", special cases."""
    ask("POST", "/v1/payment_intents", f"amount=100000&currency=huf&{CARD}")
    for amount, status in ((1045, 400), (1000, 200)):
        assert ask("POST", "/v1/payouts", f"amount={amount}&currency=huf")[0] == status
