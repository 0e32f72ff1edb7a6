"""Money for people, the cost of a credit, and the markup."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.core.money import cost_per_credit, format_amount, format_input, parse_amount, usage_covered


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (1000, "usd", "$10.00"),
        (-450, "usd", "-$4.50"),
        (70_000_00, "usd", "$70,000.00"),
        (999, "eur", "9.99 EUR"),
        (1000, "jpy", "1,000 JPY"),
        (1234, "kwd", "1.234 KWD"),
        (0, "usd", "$0.00"),
    ],
)
def test_amounts_are_shown_in_major_units(amount: int, currency: str, shown: str) -> None:
    assert format_amount(amount, currency) == shown


@pytest.mark.parametrize(
    ("amount", "credits", "shown"),
    [(1000, 1000, "0.010"), (4500, 5500, "0.008"), (10_000, 13_500, "0.007"), (22_500, 35_000, "0.006"),
     (70_000, 120_000, "0.006")],
)  # fmt: skip
def test_the_effective_cost_is_the_guides(amount: int, credits: int, shown: str) -> None:
    assert cost_per_credit(amount, credits, "usd") == shown


@given(st.integers(0, 10**9), st.integers(1, 10**9), st.sampled_from(["usd", "jpy", "kwd"]))
def test_the_cost_per_credit_is_rounded_half_up(amount: int, credits: int, currency: str) -> None:
    units = {"usd": 100, "jpy": 1, "kwd": 1000}[currency]
    exact = (Decimal(amount) / units / credits).quantize(Decimal("0.001"), ROUND_HALF_UP)
    difference = abs(Decimal(cost_per_credit(amount, credits, currency)) - Decimal(amount) / units / credits)

    assert difference <= Decimal("0.0005000001")
    assert abs(Decimal(cost_per_credit(amount, credits, currency)) - exact) <= Decimal("0.001")


@given(st.integers(0, 10**9))
def test_the_covered_usage_plus_fifteen_percent_never_exceeds_the_price(amount: int) -> None:
    covered = usage_covered(amount)

    assert covered * 115 <= amount * 100 < (covered + 1) * 115


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("5usd", 500, "usd"),
        ("5.00 USD", 500, "usd"),
        ("$1,000.5", 100_050, "usd"),
        ("1000jpy", 1000, "jpy"),
        ("1.234kwd", 1234, "kwd"),
    ],
)
def test_an_amount_is_read_with_its_currency(text: str, amount: int, currency: str) -> None:
    assert parse_amount(text) == (amount, currency)
    assert parse_amount(format_input(amount, currency)) == (amount, currency)


@pytest.mark.parametrize(
    "text",
    [
        "5",
        "5.005usd",
        "1.5jpy",
        "-5usd",
        "usd",
        "5.usd",
        "",
        "5 dollars",
        "1e3usd",
        "5,00usd",
        "1,00.00usd",
        "1,0000usd",
        "٣usd",
    ],
)
def test_what_is_no_amount_with_its_currency_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimals"):
        parse_amount(text)
