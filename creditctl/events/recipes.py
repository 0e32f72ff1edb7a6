"""Trigger recipes: for each event type, what buyer, shop or bank have to do; data that `trigger` carries out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from creditctl.core.entitlement.dispute import FUNDS_REINSTATED_TYPE, FUNDS_WITHDRAWN_TYPE
from creditctl.core.errors import UsageError
from creditctl.payments.event_types import (
    ASYNC_PAYMENT_SUCCEEDED_TYPE,
    CHARGE_REFUNDED_TYPE,
    DISPUTE_CREATED_TYPE,
    SESSION_COMPLETED_TYPE,
)


class Then(StrEnum):
    """Step of a recipe after a purchase is paid."""

    NOTHING = "nothing"
    REFUND = "refund"
    REFUND_CHANGE = "refund, then change it"
    DISPUTE_CHANGE = "change the dispute"
    DISPUTE_LOSE = "accept the dispute"
    DISPUTE_WIN = "win the dispute"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Recipe for one event type.

    Shape:  `token` is the test card, None where no card is used; `bank` the test bank accounts by currency, for methods
            whose result comes later; `expires` for a session that nobody pays.
    Source: Stripe documentation, "Testing": cards for disputes, refunds and declines; bank accounts for ACH and SEPA.
    """

    token: str | None = "tok_visa"  # noqa: S105 - names a test card
    then: Then = Then.NOTHING
    expires: bool = False
    declines: bool = False
    bank: str | None = None


_DISPUTED = "tok_createDispute"

RECIPES = {
    SESSION_COMPLETED_TYPE: Recipe(),
    ASYNC_PAYMENT_SUCCEEDED_TYPE: Recipe(None, bank="succeeds"),
    "checkout.session.async_payment_failed": Recipe(None, bank="fails"),
    "checkout.session.expired": Recipe(None, expires=True),
    "payment_intent.succeeded": Recipe(),
    "payment_intent.payment_failed": Recipe("tok_visa_chargeDeclined", declines=True),
    CHARGE_REFUNDED_TYPE: Recipe(then=Then.REFUND),
    "refund.created": Recipe(then=Then.REFUND),
    "refund.updated": Recipe(then=Then.REFUND_CHANGE),
    "refund.failed": Recipe("tok_refundFail", Then.REFUND),
    DISPUTE_CREATED_TYPE: Recipe(_DISPUTED),
    "charge.dispute.updated": Recipe(_DISPUTED, Then.DISPUTE_CHANGE),
    FUNDS_WITHDRAWN_TYPE: Recipe(_DISPUTED),
    FUNDS_REINSTATED_TYPE: Recipe(_DISPUTED, Then.DISPUTE_WIN),
    "charge.dispute.closed": Recipe(_DISPUTED, Then.DISPUTE_LOSE),
}
"""Every type that the webhook endpoint listens for, in the design's order."""

EVENT_TYPES = tuple(RECIPES)

ACH, SEPA = "us_bank_account", "sepa_debit"
_ACCOUNTS = {
    ("usd", "succeeds"): (ACH, {"account_number": "000123456789", "routing_number": "110000000"}),
    ("usd", "fails"): (ACH, {"account_number": "000111111116", "routing_number": "110000000"}),
    ("eur", "succeeds"): (SEPA, {"iban": "AT611904300234573201"}),
    ("eur", "fails"): (SEPA, {"iban": "AT861904300235473202"}),
}


def bank_account(currency: str, bank: str) -> tuple[str, dict[str, str]]:
    """Looks up payment method type and test account for a delayed payment.

    Errors: UsageError for a currency without one.
    Source: Stripe documentation, "Testing", bank accounts. That a Checkout session takes an ACH account by the API is
            unconfirmed; where it does not, Stripe's refusal is shown.
    """
    found = _ACCOUNTS.get((currency, bank))
    if found is None:
        raise UsageError(
            f"There is no delayed test payment in {currency.upper()}.",
            code="events.no_delayed_method",
            fix="Use a package in USD or EUR (--package, --catalog).",
        )
    method, details = found
    holder = {"account_holder_type": "individual"} if method == ACH else {}
    return method, {**details, **holder}


def recipe_for(event_type: str) -> Recipe:
    """Looks up the recipe of an event type. Errors: UsageError naming the types that there are."""
    if event_type not in RECIPES:
        raise UsageError(
            f"creditctl makes no {event_type}.",
            code="events.unknown_type",
            fix=f"It makes: {', '.join(EVENT_TYPES)}.",
        )
    return RECIPES[event_type]
