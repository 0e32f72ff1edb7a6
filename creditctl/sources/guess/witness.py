"""Guesses from what Stripe says of booked payments: zone of times, unit of amounts, a flag that is no mode. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from creditctl.core.project_file.source import AmountUnit
from creditctl.sources.guess.evidence import BookedRow
from creditctl.sources.guess.source_guess import LEFT_OUT, GuessedLine, SourceGuess, without_column

_ZONES = (
    "Europe/London", "Europe/Berlin", "Europe/Helsinki", "Europe/Moscow", "America/New_York", "America/Chicago",
    "America/Denver", "America/Los_Angeles", "America/Sao_Paulo", "America/Bogota", "Africa/Lagos", "Asia/Dubai",
    "Asia/Karachi", "Asia/Kolkata", "Asia/Bangkok", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney",
    "Pacific/Auckland",
)  # fmt: skip
"""One of each pair of offset and daylight saving in which many people live."""

_EARLIEST, _LATEST = -120, 1800
"""From when to when after its session a payment is booked, most of the time. Units: seconds."""

_FEWEST = 5
_MINOR_UNITS = 100
_MOST_PERCENT = 70


class WitnessedRow(NamedTuple):
    """A booking, and what Stripe says of its session. Units: Unix seconds; minor units."""

    row: BookedRow
    created: int
    amount: int


Booked = Sequence[WitnessedRow]


def as_witnessed(guess: SourceGuess, booked: Booked, livemode: bool) -> SourceGuess:
    """The proposal as Stripe bears it out. Shape: `livemode` is that of the key with which Stripe was asked."""
    return _with_unit(_without_wrong_mode(_with_zone(guess, booked), booked, livemode), booked)


def _with_unit(guess: SourceGuess, booked: Booked) -> SourceGuess:
    """Amounts are major units where most of them are so; a column that Stripe contradicts mostly holds no money."""
    said = [(each.row.amount, each.amount) for each in booked if each.row.amount is not None and each.amount]
    if 2 * sum(here == there for here, there in said) >= len(said):
        return guess
    is_open = guess.section.amounts is None
    if is_open and 2 * sum(here * _MINOR_UNITS == there for here, there in said) > len(said):
        why = f"{said[0][0]} is {said[0][1]} in minor units on Stripe"
        line = GuessedLine("amounts", AmountUnit.MAJOR.value, why)
        return replace(guess, section=replace(guess.section, amounts=AmountUnit.MAJOR), lines=(*guess.lines, line))
    without = _without_column(guess, "amount", "most payments have another amount than on Stripe")
    lines = tuple(each for each in without.lines if each.key != "amounts")
    return replace(without, section=replace(without.section, amounts=None), lines=lines)


def _without_column(guess: SourceGuess, name: str, why: str) -> SourceGuess:
    """The proposal without a column, and what it was taken for."""
    theirs = ", ".join(guess.section.columns.get(name, ()))
    columns = without_column(guess.section.columns, name, guess.places)
    lines = tuple(each for each in guess.lines if each.key != f"columns.{name}")
    said = GuessedLine(f"columns.{name}", LEFT_OUT, f"by {theirs} {why}")
    section = replace(guess.section, columns=columns)
    return replace(guess, section=section, lines=(*lines, said))


def _with_zone(guess: SourceGuess, booked: Booked) -> SourceGuess:
    """The proposal with the zone in which most rows were booked just after their session; as it is where UTC does."""
    if len(booked) < _FEWEST or guess.section.zone is not None or _share(booked, "UTC") * 2 > len(booked):
        return guess
    zone = max(_ZONES, key=lambda name: _share(booked, name))
    fitting = _share(booked, zone)
    if fitting * 100 < len(booked) * _MOST_PERCENT:
        return guess
    why = f"by it {fitting} of {len(booked)} rows were booked within half an hour of their session"
    return replace(
        guess, section=replace(guess.section, zone=zone), lines=(*guess.lines, GuessedLine("zone", zone, why))
    )


def _without_wrong_mode(guess: SourceGuess, booked: Booked, livemode: bool) -> SourceGuess:
    """The proposal without a flag by which most payments that Stripe knows in this mode are of the other."""
    said = [each.row.livemode for each in booked if each.row.livemode is not None]
    wrong = sum(each is not livemode for each in said)
    if 2 * wrong <= len(said):
        return guess
    return _without_column(guess, "livemode", "most payments that Stripe knows would be of the other mode")


def _share(booked: Booked, name: str) -> int:
    """How many rows were booked just after their session, were their times of a zone."""
    try:
        zone = ZoneInfo(name)
    except ZoneInfoNotFoundError:
        return 0
    return sum(_EARLIEST <= _read_in(each.row.created, zone) - each.created <= _LATEST for each in booked)


def _read_in(seconds: int, zone: ZoneInfo) -> float:
    """What a time that was read as UTC is, if it was of a zone."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=zone).timestamp()
