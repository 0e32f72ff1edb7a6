"""Currencies that Stripe charges in: which there are, the smallest charge of each, and the steps of amounts.

Source: Stripe documentation, "Supported currencies": presentment currencies, minimum charge amounts, three-decimal
currencies, special cases.
"""

from __future__ import annotations

from creditctl.core.money import THREE_DECIMAL_CURRENCIES, format_amount

_CODES = """
aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp cny
cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl hrk htg huf idr ils inr isk
jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn
nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std
szl thb tjs tnd top try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw
"""
SUPPORTED_CURRENCIES = frozenset(_CODES.split())
"""What a charge can be made in."""

MINIMUM_CHARGES = {
    "aed": 200,
    "aud": 50,
    "bgn": 100,
    "brl": 50,
    "cad": 50,
    "chf": 50,
    "czk": 1500,
    "dkk": 250,
    "eur": 50,
    "gbp": 30,
    "hkd": 400,
    "huf": 17_500,
    "inr": 50,
    "jpy": 50,
    "mxn": 1000,
    "myr": 200,
    "nok": 300,
    "nzd": 50,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "sgd": 50,
    "thb": 1000,
    "usd": 50,
}
"""The smallest charge, in minor units, where Stripe names one; of other currencies it is 50 US cents at the day's rate,
which nobody can tell from a file."""

_THREE_DECIMAL_STEP = 10
_WHOLE_UNITS_STEP = 100
_WHOLE_UNITS_ONLY = frozenset(("isk", "ugx"))
"""Without minor units, but written with two decimals that must be 00. Source: as above, "Special cases"."""


def currency_fault(currency: str) -> str | None:
    """What is wrong with a currency code, None for one that Stripe charges in."""
    if currency in SUPPORTED_CURRENCIES:
        return None
    return f"currency {currency!r} is none that Stripe charges in"


def amount_fault(amount: int, currency: str) -> str | None:
    """What Stripe would refuse about an amount, with its rule; None for one that it takes. Units: minor units."""
    shown = f"amount {amount} ({format_amount(amount, currency)})"
    least = MINIMUM_CHARGES.get(currency, 1)
    if amount < least:
        return f"{shown} is below Stripe's minimum charge of {format_amount(least, currency)}"
    if currency in THREE_DECIMAL_CURRENCIES and amount % _THREE_DECIMAL_STEP:
        return f"{shown}: Stripe takes three-decimal currencies in steps of 10, the last digit must be 0"
    if currency in _WHOLE_UNITS_ONLY and amount % _WHOLE_UNITS_STEP:
        code = currency.upper()
        return f"{shown}: Stripe takes {code} in whole units, written with two decimals that must be 00"
    return None
