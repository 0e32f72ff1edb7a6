"""Amounts in our own words are the command line's, and in Stripe's messages they are Stripe's."""

import pytest

from creditctl.core.money import format_amount
from creditctl.emulator.protocol.currencies import in_words, written


@pytest.mark.parametrize(
    ("amount", "currency"), [(500, "usd"), (-5, "usd"), (1234567, "eur"), (500, "jpy"), (5, "kwd")]
)
def test_one_format_of_money_for_people(amount: int, currency: str) -> None:
    assert in_words(amount, currency) == format_amount(amount, currency)


def test_the_format_of_stripes_messages() -> None:
    assert (written(500, "eur"), written(-5, "usd"), written(500, "sek")) == ("€5.00", "-$0.05", "5.00")
