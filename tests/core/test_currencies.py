"""What Stripe charges in, and the amounts that it refuses; the emulator, which has a table of its own, agrees."""

from __future__ import annotations

import pytest

from creditctl.core.currencies import MINIMUM_CHARGES, SUPPORTED_CURRENCIES, amount_fault, currency_fault
from creditctl.core.money import THREE_DECIMAL_CURRENCIES, ZERO_DECIMAL_CURRENCIES
from creditctl.emulator.protocol import currencies as emulated


@pytest.mark.parametrize(
    ("amount", "currency"),
    [(50, "usd"), (50, "jpy"), (1000, "isk"), (100, "ugx"), (1000, "kwd"), (1, "clp"), (17_500, "huf"), (30, "gbp")],
)
def test_what_stripe_takes_has_no_fault(amount: int, currency: str) -> None:
    assert amount_fault(amount, currency) is None


@pytest.mark.parametrize(
    ("amount", "currency", "rule"),
    [
        (49, "usd", "minimum charge of $0.50"),
        (49, "jpy", "minimum charge of 50 JPY"),
        (1050, "isk", "written with two decimals that must be 00"),
        (150, "ugx", "written with two decimals that must be 00"),
        (1001, "kwd", "the last digit must be 0"),
    ],
)
def test_what_stripe_refuses_is_named_with_the_rule(amount: int, currency: str, rule: str) -> None:
    assert rule in str(amount_fault(amount, currency))


def test_an_unknown_code_is_a_fault() -> None:
    assert currency_fault("usd") is None
    assert "none that Stripe charges in" in str(currency_fault("xyz"))


def test_the_tables_fit_each_other_and_those_of_the_emulator() -> None:
    assert MINIMUM_CHARGES.keys() | THREE_DECIMAL_CURRENCIES | ZERO_DECIMAL_CURRENCIES <= SUPPORTED_CURRENCIES
    assert SUPPORTED_CURRENCIES <= emulated.SUPPORTED
    assert {code: emulated.smallest(code) for code in MINIMUM_CHARGES} == MINIMUM_CHARGES
