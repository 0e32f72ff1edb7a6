"""Guesses of credits: from metadata, from sessions, from names; none where nothing says it plainly."""

from __future__ import annotations

from dataclasses import replace

import pytest

from creditctl.provisioning.scaffold.booked import BookedPayment
from creditctl.provisioning.scaffold.credits import guess_credits, guess_quantity
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


def booked(*credits: int, name: str = "Pack", quantity: int = 1) -> tuple[list[RecentSale], dict[str, BookedPayment]]:
    """Sales one after the other, each with what the application booked for it."""
    plain = replace(sale(name), quantity=quantity)
    sales = [replace(plain, created=10 * n, names=(f"cs_{n}", f"pi_{n}")) for n in range(len(credits))]
    return sales, {f"pi_{n}": BookedPayment("u", each) for n, each in enumerate(credits)}


def test_what_the_application_booked_says_it_where_nothing_else_does() -> None:
    sales, bookings = booked(100, 100, 900, 100)
    guess = guess_credits(sales, {}, bookings)

    assert guess is not None
    assert (guess.credits, guess.periods) == (100, ())
    assert guess_credits(sales, {}) is None


def test_a_name_that_most_bookings_contradict_is_a_name() -> None:
    sales, bookings = booked(1100, 1100, 1100, name="1000 credits and 10 % on top")
    kept, faults = booked(1000, 1000, 7, name="1000 credits")

    assert [
        each and each.credits for each in (guess_credits(sales, {}, bookings), guess_credits(kept, {}, faults))
    ] == [
        1100,
        1000,
    ]


def test_credits_that_changed_are_periods_and_a_fault_is_none() -> None:
    sales, bookings = booked(500, 500, 500, 7, 400, 400, 500, 400)
    guess = guess_credits(sales, {}, bookings)

    assert guess is not None
    assert [(each.credits, each.since, each.until) for each in guess.periods] == [(500, None, 40), (400, 40, None)]
    assert guess.credits == 400


@pytest.mark.parametrize(("credits", "meaning"), [((200, 200), "multiply"), ((100,), "one"), ((200, 100), "multiply")])
def test_a_quantity_means_what_was_booked(credits: tuple[int, ...], meaning: str) -> None:
    sales, bookings = booked(*credits, name="100 credits", quantity=2)

    assert guess_quantity(sales, guess_credits(sales, {}), bookings) == meaning
    assert guess_quantity(sales, None, bookings) is None
