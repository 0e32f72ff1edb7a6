"""Stripe bears witness of a proposal: zone of times, unit of amounts, and a flag that is not its mode."""

from __future__ import annotations

from dataclasses import replace

from creditctl.core.project_file.source import AmountUnit, SourceSection
from creditctl.sources.guess.evidence import BookedRow
from creditctl.sources.guess.source_guess import GuessedLine, SourceGuess
from creditctl.sources.guess.witness import WitnessedRow, as_witnessed
from tests.support.clock import NOW

HOUR = 3600
DAY = 24 * HOUR
GUESS = SourceGuess(SourceSection(table="t", columns={"livemode": ("live",), "amount": ("price",)}))


def booked(later: int = 60, amount: int = 900, *, livemode: bool = False) -> list[WitnessedRow]:
    rows = [BookedRow("u", 1, NOW - n * DAY + later, livemode, amount) for n in range(6)]
    return [WitnessedRow(row, NOW - n * DAY, 900) for n, row in enumerate(rows)]


def test_what_agrees_stays_as_it_is() -> None:
    assert as_witnessed(GUESS, booked(), livemode=False) == GUESS
    assert as_witnessed(GUESS, [], livemode=True) == GUESS


def test_the_zone_is_that_in_which_rows_follow_their_sessions() -> None:
    assert as_witnessed(GUESS, booked(9 * HOUR + 60), livemode=False).section.zone == "Asia/Tokyo"
    assert as_witnessed(GUESS, booked(-4 * HOUR + 60), livemode=False).section.zone == "America/New_York"
    assert as_witnessed(GUESS, booked(90 * HOUR), livemode=False).section.zone is None


def test_whole_dollars_are_major_units_and_a_column_that_is_no_money_is_left_out() -> None:
    assert as_witnessed(GUESS, booked(amount=9), livemode=False).section.amounts is AmountUnit.MAJOR
    left = as_witnessed(GUESS, booked(amount=77), livemode=False)
    assert "amount" not in left.section.columns
    assert left.lines == (
        GuessedLine("columns.amount", "left out", "by price most payments have another amount than on Stripe"),
    )
    major = replace(GUESS, section=replace(GUESS.section, amounts=AmountUnit.MAJOR))
    assert as_witnessed(major, booked(amount=77), livemode=False) == left


def test_a_column_that_is_called_as_ours_has_to_be_said_to_be_none() -> None:
    """Without a line of its own it would be taken by its name."""
    columns = {"livemode": ("livemode",), "amount": ("amount",)}
    guess = SourceGuess(SourceSection(table="t", columns=columns), places=("amount", "livemode"))

    assert as_witnessed(guess, booked(amount=77, livemode=True), livemode=False).section.columns == {
        "amount": (), "livemode": (),
    }  # fmt: skip


def test_a_flag_of_the_environment_that_stripe_contradicts_is_no_mode() -> None:
    assert "livemode" not in as_witnessed(GUESS, booked(livemode=True), livemode=False).section.columns
