"""The test cards are Stripe's: real card numbers by their check digit, each under its own name and token."""

from __future__ import annotations

from creditctl.simulation.cards import CARDS


def luhn(number: str) -> int:
    """The check sum of a card number; 0 for a valid one."""
    digits = [int(digit) for digit in reversed(number)]
    return sum(digit if place % 2 == 0 else sum(divmod(2 * digit, 10)) for place, digit in enumerate(digits)) % 10


def test_every_card_has_a_name_and_a_token_of_its_own() -> None:
    assert {name: card.name for name, card in CARDS.items()} == {name: name for name in CARDS}
    assert len({card.token for card in CARDS.values()}) == len(CARDS)


def test_every_number_has_its_check_digit() -> None:
    assert {card.number: luhn(card.number) for card in CARDS.values()} == {card.number: 0 for card in CARDS.values()}
