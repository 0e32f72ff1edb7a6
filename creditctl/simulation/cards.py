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
        TestCard("mastercard", "5555555555554444", "tok_mastercard"),
        TestCard("declined", "4000000000000002", "tok_visa_chargeDeclined", "generic_decline"),
        TestCard(
            "insufficient-funds",
            "4000000000009995",
            "tok_visa_chargeDeclinedInsufficientFunds",
            "insufficient_funds",
        ),
        TestCard("3ds", "4000002760003184", "tok_threeDSecureRequired", authenticates=True),
    )
}
