"""Money: amounts in whole minor units of a currency, formatted for people; no floats."""

from __future__ import annotations

ZERO_DECIMAL_CURRENCIES = frozenset(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf")
)
"""Currencies whose minor unit is the major one. Source: Stripe documentation, "Supported currencies"."""

THREE_DECIMAL_CURRENCIES = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))
"""Currencies with a thousand minor units to the major one. Source: as above."""

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
