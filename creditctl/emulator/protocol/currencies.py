"""Currencies: which exist, which have no cents, how small, large and fine a charge may be, how an amount is written.

Source: Stripe docs, "Supported currencies" (presentment, zero-decimal, special cases, minimum and maximum amounts).
"""

from functools import lru_cache

from creditctl.emulator.protocol.errors import invalid

_SUPPORTED = """
usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp cny
cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl hrk htg huf idr ils inr isk jmd
jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn
nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs
tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw usdc btn ghs eek lvl svc vef ltl sll
mro
"""
LISTED = tuple(_SUPPORTED.split())
"""In the order in which a refusal lists them; Source: a recorded refusal of 2026."""
SUPPORTED = frozenset(LISTED)
ZERO_DECIMAL = frozenset(["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd"]) | {
    "vuv",
    "xaf",
    "xof",
    "xpf",
}
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
_SMALLEST = {
    "aed": 200,
    "bgn": 100,
    "czk": 1500,
    "dkk": 250,
    "gbp": 30,
    "hkd": 400,
    "huf": 17_500,
    "mxn": 1000,
    "myr": 200,
    "nok": 300,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "thb": 1000,
}
_EIGHT_DIGITS = 99_999_999
_LARGEST = {"idr": 999_999_999_999}
_WHOLE_UNITS_ONLY = frozenset({"isk", "ugx"})
"""Written with two decimals that must be 00. Source: as above; a public report of 1.00 USh for an amount of 100."""
WHOLE_PAYOUTS = frozenset({"huf", "twd"})
"""Charged with two decimals, paid out in whole units. Source: as above, "Special cases"."""
_SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "cad": "CA$", "aud": "A$"}


def smallest(currency: str) -> int:
    """The smallest amount that can be charged."""
    return _SMALLEST.get(currency, 50)


def largest(currency: str) -> int:
    """The largest amount that can be charged, or be a price."""
    return _LARGEST.get(currency, _EIGHT_DIGITS)


def is_chargeable(amount: int, currency: str) -> bool:
    """Whether an amount is neither too small nor too large nor too fine to be charged."""
    least, most, multiple = _bounds(currency)
    return least <= amount <= most and amount % multiple == 0


@lru_cache(maxsize=256)
def _bounds(currency: str) -> tuple[int, int, int]:
    return smallest(currency), largest(currency), step(currency)


def step(currency: str) -> int:
    """What an amount must be a multiple of: the last digit of three decimals is 0, a whole unit has 00."""
    return 10 if currency in THREE_DECIMAL else 100 if currency in _WHOLE_UNITS_ONLY else 1


def refuse_too_fine(amount: int, currency: str, param: str | None = None) -> None:
    """Refuse to charge, capture or refund an amount that is too fine for its currency.

    Errors: StripeError.
    Source: support.stripe.com, "Deprecation of fractional ISK charges and refunds", for code and words; for UGX
    also woocommerce/woocommerce-gateway-stripe#2674. The words for three decimals are unconfirmed.
    """
    if amount % step(currency) == 0:
        return
    if currency not in _WHOLE_UNITS_ONLY:
        message = f"Invalid amount: {amount}. Amounts in {currency} must be evenly divisible by {step(currency)}."
        raise invalid(message, param=param)
    raise invalid(
        f"Invalid amount. Currency {currency.upper()} has become effectively zero-decimal and charged amounts must be "
        f"evenly divisible by {step(currency)}. See https://stripe.com/docs/currencies#special-cases for more "
        "information.",
        code="invalid_charge_amount_no_decimal_compatible",
        param=param,
    )


def written(amount: int, currency: str) -> str:
    """An amount as Stripe's messages write it: `$30.00`."""
    return _signed(amount, currency, _SYMBOLS.get(currency, ""))


def in_words(amount: int, currency: str) -> str:
    """An amount in our own words, as the command line writes it: `$5.00`, `500 JPY`, `12,345.67 EUR`."""
    return written(amount, currency) if currency == "usd" else f"{_signed(amount, currency, '')} {currency.upper()}"


def _signed(amount: int, currency: str, symbol: str) -> str:
    places = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    whole, part = divmod(abs(amount), 10**places)
    fraction = f".{part:0{places}d}" if places else ""
    sign = "-" if amount < 0 else ""
    return f"{sign}{symbol}{whole:,}{fraction}"
