"""Findings are printed in one order, whatever order they were found in; a stake covers what is no larger."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from creditctl.core.findings import Direction, Finding, Severity, Stake, sort_findings

SORTED = [
    Finding("b.code", Severity.CRITICAL, "x", "Worst."),
    Finding("a.code", Severity.HIGH, "a", "By code."),
    Finding("b.code", Severity.HIGH, "a", "By subject."),
    Finding("b.code", Severity.HIGH, "b", "Last of its kind."),
    Finding("a.code", Severity.INFO, "a", "A note."),
]


def test_any_order_is_printed_as_one() -> None:
    assert all(sort_findings(list(order)) == SORTED for order in permutations(SORTED))


def test_a_document_shows_plain_text() -> None:
    assert SORTED[0].as_dict() == {
        "code": "b.code",
        "severity": "critical",
        "subject": "x",
        "message": "Worst.",
        "fix": "",
    }
    assert {type(value) for value in SORTED[0].as_dict().values()} == {str}


def test_the_ranks_go_from_the_worst_on() -> None:
    assert [severity.rank for severity in Severity] == [0, 1, 2, 3, 4]


STAKES = st.builds(
    Stake,
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from(["usd", "eur"]),
    st.sampled_from([None, *Direction]),
)


@given(STAKES, STAKES)
def test_a_stake_covers_what_is_no_larger_in_credits_in_money_and_in_its_direction(mine: Stake, other: Stake) -> None:
    covers = mine.covers(other)
    assert mine.covers(mine)
    if other.credits > mine.credits:
        assert not covers, "more credits"
    if other.amount and (other.currency != mine.currency or other.amount > mine.amount):
        assert not covers, "more money, or other money"
    if {mine.direction, other.direction} == set(Direction) and (other.credits or other.amount):
        assert not covers, "too many do not excuse too few"
    smaller = replace(other, credits=other.credits // 2, amount=other.amount // 2)
    assert not covers or mine.covers(smaller)


@given(STAKES, STAKES, STAKES)
def test_what_covers_a_covering_stake_covers_all_that_it_does(first: Stake, second: Stake, third: Stake) -> None:
    directed = [replace(each, direction=Direction.OVER) for each in (first, second, third)]
    if directed[0].covers(directed[1]) and directed[1].covers(directed[2]):
        assert directed[0].covers(directed[2])


def test_credits_whose_price_nobody_knew_are_compared_by_their_number() -> None:
    unpriced = Stake(1000)
    assert unpriced.covers(Stake(1000, 900, "usd"))
    assert not unpriced.covers(Stake(0, 900, "usd")), "money alone is something else"
    assert not Stake().covers(Stake(1))


def test_a_stake_in_words_says_what_and_which_way() -> None:
    assert Stake(1000, 900, "usd").words == "1,000 credits ($9.00)"
    assert Stake(1, direction=Direction.UNDER).words == "1 credit too few"
    assert Stake(0, 900, "usd", Direction.OVER).words == "$9.00"
    assert Stake().words == "0 credits"
