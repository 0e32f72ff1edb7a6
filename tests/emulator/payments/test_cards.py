"""Test cards: what each does to a payment."""

import pytest

from creditctl.emulator.payments.cards import CARDS, card_by_number, card_by_token, passes_check_digit
from tests.emulator.world import Inside


def test_every_card_of_the_table_has_a_valid_number() -> None:
    numbers = [card.number for card in CARDS if card.number.isdecimal()]
    assert len(numbers) == len(set(numbers))
    assert [number for number in numbers if not passes_check_digit(number)] == []
    assert {len(number) for number in numbers} <= {14, 15, 16, 19}


def test_finding_a_card() -> None:
    visa = card_by_token("tok_visa")
    assert visa is not None
    assert visa is card_by_number("4242 4242 4242 4242")
    assert card_by_token("tok_nothing") is None
    assert card_by_number("4242424242424241") is None
    other = card_by_number("4111111111111111")
    assert other is not None
    assert (other.brand, other.decline) == ("visa", None)


@pytest.mark.parametrize("token", ["tok_visa_createDispute", "tok_createDispute"])
def test_tokens_with_and_without_the_brand(ask: Inside, token: str) -> None:
    assert ask("POST", "/v1/payment_methods", f"type=card&card[token]={token}")[1]["card"]["last4"] == "0259"
