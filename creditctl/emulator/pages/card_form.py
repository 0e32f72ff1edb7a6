"""The rules of the card form on the page: number, expiry, security code, ZIP code.

Source: Stripe docs, "Testing" (invalid data); error codes `incorrect_number`, `invalid_expiry_month`,
`invalid_expiry_year`, `invalid_cvc`.
"""

import re
import time
from collections.abc import Mapping

import msgspec

from creditctl.emulator.payments.cards import Card, card_by_number
from creditctl.emulator.protocol.errors import StripeError


class CardEntry(msgspec.Struct, frozen=True):
    """A card as it was typed in, found valid."""

    card: Card
    expiry: tuple[int, int]


def _refuse(code: str, message: str, param: str) -> StripeError:
    return StripeError(402, {"type": "card_error", "code": code, "message": message, "param": param})


def read_card(form: Mapping[str, str], now: int) -> CardEntry:
    """The card of a form; refuses like Stripe's page does."""
    card = card_by_number(form.get("number", ""))
    if card is None:
        raise _refuse("incorrect_number", "Your card number is incorrect.", "number")
    expiry = _expiry(form.get("expiry", ""), now)
    digits = 4 if card.brand == "amex" else 3
    if not re.fullmatch(rf"\d{{{digits}}}", form.get("cvc", "").strip()):
        raise _refuse("invalid_cvc", "Your card's security code is invalid.", "cvc")
    postal_code = form.get("postal_code", "").strip()
    if postal_code and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 -]{2,9}", postal_code):
        raise _refuse("postal_code_invalid", "Your ZIP code is invalid.", "postal_code")
    return CardEntry(card, expiry)


def _expiry(text: str, now: int) -> tuple[int, int]:
    match = re.fullmatch(r"\s*(\d{1,2})\s*[/ -]?\s*(\d{2}|\d{4})\s*", text)
    if match is None or not 1 <= int(match[1]) <= 12:
        raise _refuse("invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month")
    month, year = int(match[1]), int(match[2])
    year += 2000 if year < 100 else 0
    today = time.gmtime(now)
    if (year, month) < (today.tm_year, today.tm_mon):
        raise _refuse("invalid_expiry_year", "Your card's expiration year is invalid.", "exp_year")
    return month, year
