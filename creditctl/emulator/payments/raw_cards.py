"""Card numbers sent by API: refused for ordinary accounts, read and judged for those that may send them.

Source: Stripe docs, "Testing" (invalid data); error codes `incorrect_number`, `invalid_expiry_month`,
`invalid_expiry_year`, `invalid_cvc`; the refusal as quoted in public issues.
"""

import time
from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.payments.cards import Card, card_by_number
from creditctl.emulator.protocol.errors import StripeError, missing_parameter

_REFUSED = (
    "Sending credit card numbers directly to the Stripe API is generally unsafe. To continue processing use "
    "Stripe.js, the Stripe mobile bindings, or Stripe Elements. For more information, see "
    "https://dashboard.stripe.com/account/integration/settings. If you are qualified to handle card data directly, "
    "see https://support.stripe.com/questions/enabling-access-to-raw-card-data-apis."
)
OLDEST_YEAR_AHEAD = 50


def read_raw_card(context: RequestContext, details: dict[str, Any], param: str) -> tuple[Card, tuple[int, int]]:
    """The card of a number, and its month and year; refused unless the emulator was started with `--raw-cards`."""
    if not context.services.options.raw_cards:
        raise StripeError(402, {"type": "invalid_request_error", "message": _REFUSED})
    card = card_by_number(details["number"])
    if card is None:
        raise _invalid("incorrect_number", "Your card number is incorrect.", "number")
    for name in ("exp_month", "exp_year"):
        if name not in details:
            raise missing_parameter(f"{param}[{name}]")
    expiry = _expiry(details["exp_month"], details["exp_year"], context.now)
    cvc = details.get("cvc")
    if cvc is not None and not (cvc.isdecimal() and len(cvc) == (4 if card.brand == "amex" else 3)):
        raise _invalid("invalid_cvc", "Your card's security code is invalid.", "cvc")
    return card, expiry


def _expiry(month: int, year: int, now: int) -> tuple[int, int]:
    year += 2000 if year < 100 else 0
    today = time.gmtime(now)
    if not 1 <= month <= 12:
        raise _invalid("invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month")
    if not today.tm_year <= year <= today.tm_year + OLDEST_YEAR_AHEAD:
        raise _invalid("invalid_expiry_year", "Your card's expiration year is invalid.", "exp_year")
    if (year, month) < (today.tm_year, today.tm_mon):
        raise _invalid("invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month")
    return month, year


def _invalid(code: str, message: str, param: str) -> StripeError:
    return StripeError(402, {"type": "card_error", "code": code, "message": message, "param": param})
