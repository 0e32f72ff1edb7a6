"""Test cards of Stripe that the scenarios use, by token."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TestCard:
    """A test card.

    Shape: `decline_code` is what a refusal says, None where the card pays; `authenticates` where it asks for 3DS first.
    Source: Stripe documentation, "Testing".
    """

    name: str
    number: str
    token: str
    decline_code: str | None = None
    authenticates: bool = False


CARDS = {
    card.name: card
    for card in (
        TestCard("visa", "4242424242424242", "tok_visa"),
        TestCard("visa-debit", "4000056655665556", "tok_visa_debit"),
        TestCard("mastercard", "5555555555554444", "tok_mastercard"),
        TestCard("mastercard-prepaid", "5105105105105100", "tok_mastercard_prepaid"),
        TestCard("amex", "378282246310005", "tok_amex"),
        TestCard("discover", "6011111111111117", "tok_discover"),
        TestCard("diners", "3056930009020004", "tok_diners"),
        TestCard("jcb", "3566002020360505", "tok_jcb"),
        TestCard("unionpay", "6200000000000005", "tok_unionpay"),
        TestCard("declined", "4000000000000002", "tok_visa_chargeDeclined", "generic_decline"),
        TestCard(
            "insufficient-funds",
            "4000000000009995",
            "tok_visa_chargeDeclinedInsufficientFunds",
            "insufficient_funds",
        ),
        TestCard("lost", "4000000000009987", "tok_visa_chargeDeclinedLostCard", "lost_card"),
        TestCard("stolen", "4000000000009979", "tok_visa_chargeDeclinedStolenCard", "stolen_card"),
        TestCard("expired", "4000000000000069", "tok_chargeDeclinedExpiredCard", "expired_card"),
        TestCard("wrong-cvc", "4000000000000127", "tok_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
        TestCard("processing-error", "4000000000000119", "tok_chargeDeclinedProcessingError", "processing_error"),
        TestCard(
            "velocity", "4000000000006975", "tok_visa_chargeDeclinedVelocityLimitExceeded", "card_velocity_exceeded"
        ),
        TestCard("blocked", "4100000000000019", "tok_radarBlock", "fraudulent"),
        TestCard("3ds", "4000002760003184", "tok_authenticationRequired", authenticates=True),
        TestCard(
            "3ds-then-declined",
            "4000008400001629",
            "tok_threeDSecureRequiredChargeDeclined",
            authenticates=True,
        ),
    )
}
