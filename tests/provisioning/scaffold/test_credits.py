"""Guesses of credits: from metadata, from sessions, from names; none where nothing says it plainly."""

from __future__ import annotations

import pytest

from creditctl.provisioning.scaffold.credits import guess_credits
from creditctl.provisioning.scaffold.sales import RecentSale


def sale(name: str = "Pack", price: dict[str, str] | None = None, session: dict[str, str] | None = None) -> RecentSale:
    return RecentSale("price_1", "prod_1", name, 100, "usd", 1, 1, 0, False, price or {}, session or {})


@pytest.mark.parametrize(
    ("name", "credits"),
    [
        ("1000 credits", 1000),
        ("1,000 Credits", 1000),
        ("Starter: 1.000 credits", 1000),
        ("5 500 tokens", 5500),
        ("10k credits", 10_000),
        ("1 credit", 1),
        ("Gold", None),
        ("3 months", None),
        ("1000", None),
        ("0 credits", None),
        ("99999999999 credits", None),
    ],
)
def test_a_name_that_says_it(name: str, credits: int | None) -> None:
    guess = guess_credits([sale(name)], {})

    assert (None if guess is None else guess.credits) == credits


def test_metadata_come_before_the_name_and_the_price_before_the_product() -> None:
    product = {"metadata": {"credits": "20"}}

    assert [
        guess.words
        for guess in (
            guess_credits([sale("30 credits", {"credits": "10"})], product),
            guess_credits([sale("30 credits")], product),
            guess_credits([sale("30 credits", {"credit_amount": "x"})], {}),
        )
        if guess
    ] == ["10", "20", "30"]


def test_two_numbers_in_metadata_are_no_guess() -> None:
    assert guess_credits([sale(price={"credits": "10", "bonus_credits": "5"})], {}) is None


def test_a_key_of_every_session_is_the_number_or_where_it_stands() -> None:
    same = guess_credits([sale(session={"credits": "10"}), sale(session={"credits": "10"})], {})
    different = guess_credits([sale(session={"credits": each}) for each in ("10", "20", "20")], {})

    assert same is not None
    assert (same.words, same.credits) == ("10", 10)
    assert different is not None
    assert (different.words, different.credits) == ("metadata.credits", 20)
    assert guess_credits([sale(session={"credits": "10"}), sale()], {}) is None
