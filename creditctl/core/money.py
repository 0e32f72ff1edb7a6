"""Money: amounts in whole minor units of a currency, formatted for people; no floats."""

from __future__ import annotations

import re

ZERO_DECIMAL_CURRENCIES = frozenset(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf")
)
"""Currencies whose minor unit is the major one. Source: Stripe documentation, "Supported currencies"."""

THREE_DECIMAL_CURRENCIES = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))
"""Currencies with a thousand minor units to the major one. Source: as above."""

_AMOUNT = re.compile(
    r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3}){1,3}|[0-9]{1,12})(?:\.(?P<fraction>[0-9]+))? ?(?P<currency>[A-Za-z]{3})"
)
_MARKUP_PERCENT = 15
_MILLS_PER_MAJOR_UNIT = 1000


def minor_units_per_major(currency: str) -> int:
    """Minor units in one major unit of a currency: 100 cents to a dollar, 1 yen to a yen."""
    code = currency.lower()
    if code in ZERO_DECIMAL_CURRENCIES:
        return 1
    return 1000 if code in THREE_DECIMAL_CURRENCIES else 100


def format_amount(amount: int, currency: str) -> str:
    """Formats an amount for people: `$10.00`, `-$4.50`, `1000 JPY`, `9.99 EUR`."""
    units = minor_units_per_major(currency)
    sign = "-" if amount < 0 else ""
    whole, rest = divmod(abs(amount), units)
    number = f"{whole:,}" if units == 1 else f"{whole:,}.{rest:0{len(str(units)) - 1}d}"
    if currency.lower() == "usd":
        return f"{sign}${number}"
    return f"{sign}{number} {currency.upper()}"


def format_input(amount: int, currency: str) -> str:
    """Formats an amount as it can be typed again: `10.00usd`, `1000jpy`."""
    units = minor_units_per_major(currency)
    whole, rest = divmod(amount, units)
    fraction = "" if units == 1 else f".{rest:0{len(str(units)) - 1}d}"
    return f"{whole}{fraction}{currency.lower()}"


def parse_amount(text: str) -> tuple[int, str]:
    """Parses an amount with its currency, `5.00usd`, `1,000 JPY` or `$5`, into minor units and currency.

    Errors: ValueError for an amount without a currency, or with more decimals than the currency has.
    """
    written = text.strip()
    written = f"{written[1:]}usd" if written.startswith("$") else written
    found = _AMOUNT.fullmatch(written)
    if found is None:
        raise ValueError(f"{text!r} is no amount with its currency")
    currency = found["currency"].lower()
    places = len(str(minor_units_per_major(currency))) - 1
    fraction, whole = found["fraction"] or "", found["whole"].replace(",", "")
    if len(fraction) > places:
        raise ValueError(f"{currency.upper()} has {places or 'no'} decimals, not {len(fraction)}")
    return int(whole + fraction.ljust(places, "0")), currency


def cost_per_credit(amount: int, credits: int, currency: str) -> str:
    """Cost of one credit in major units, to three decimals, halves rounded up: `0.010`.

    Units: amount in minor units, credits a positive count.
    """
    scale = _MILLS_PER_MAJOR_UNIT
    mills = (2 * amount * scale + credits * minor_units_per_major(currency)) // (
        2 * credits * minor_units_per_major(currency)
    )
    return f"{mills // scale}.{mills % scale:03d}"


def usage_covered(amount: int) -> int:
    """Model cost that a price pays for, its markup of 15 % taken off; rounded down to minor units."""
    return amount * 100 // (100 + _MARKUP_PERCENT)
