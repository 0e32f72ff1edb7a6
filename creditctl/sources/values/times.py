"""Time parser: seconds, milliseconds, ISO with or without a zone, and day-first dates, to Unix seconds.

A clock that is put back shows one hour twice, and one that is put forward leaves one out. A time without a zone in such
an hour is taken as if the clock had not been changed yet: the earlier of the two, or what a clock that nobody put
forward shows. It is marked, so that whoever reads many can say how many there were.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from creditctl.sources.values.bad_value import BadRow, shown

_NUMBER = re.compile(r"[0-9]{1,18}(?:\.[0-9]+)?")
_PLAIN = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?")
_COMPACT = re.compile(r"(?:19|20)[0-9]{6}(?:[0-9]{6})?")
_SLASHED = re.compile(
    r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:,?[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([ap]\.?m\.?)?)?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"\s*(?:UTC|GMT)?\s*([+-])(\d{2}):?(\d{2})?(?:\s*\(?[A-Z]{1,5}\)?)?$")
_UTC_NAME = re.compile(r"\s*(?:UTC|GMT|Z)$", re.IGNORECASE)
_JAVASCRIPT = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{1,2}) (\d{4}) (\d{2}:\d{2}:\d{2})\s*(.*)")
_SECONDS_BELOW = 10**11
_MILLISECONDS_BELOW = 10**14
_MICROSECONDS_BELOW = 10**17
_LATEST_MONTH = 12
_NOON = 12


class Moment(NamedTuple):
    """A time in Unix seconds. Shape: `doubtful` where the clock of its zone showed it twice, or not at all."""

    seconds: int
    doubtful: bool = False


def moment_of(value: object, name: str, zone: tzinfo = UTC, *, month_first: bool = False) -> Moment:
    """The time in a cell.

    Shape:  `zone` is that of times which name none; `month_first` says how 03/04/2026 is meant in this column.
    Errors: BadRow for what is no time.
    """
    try:
        return _moment(value, zone, month_first=month_first)
    except (ValueError, OverflowError, IndexError, TypeError):
        hint = "seconds, milliseconds, 2026-11-01T08:30:00Z or 01.11.2026 08:30"
        raise BadRow(f"{name} {shown(value)} is not a time ({hint})") from None


def is_month_first(values: Iterable[object]) -> bool:
    """Whether the dates of a column can only be read with the month first. Errors: BadRow where they contradict."""
    month, day = set[str](), set[str]()
    for value in values:
        match = _SLASHED.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is not None and match[2] == "/":
            month |= {match[0]} if int(match[3]) > _LATEST_MONTH or match[8] else set()
            day |= {match[0]} if int(match[1]) > _LATEST_MONTH else set()
    if month and day:
        raise BadRow(f"{min(day)} has its day first and {min(month)} its month")
    return bool(month)


def _moment(value: object, zone: tzinfo, *, month_first: bool) -> Moment:
    if isinstance(value, datetime):
        return _placed(value, zone)
    if isinstance(value, date):
        return _placed(datetime.combine(value, time()), zone)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return Moment(_seconds(Decimal(repr(value)) if isinstance(value, float) else Decimal(value)))
    if not isinstance(value, str):
        raise TypeError
    text = value.strip()
    if _PLAIN.fullmatch(text):  # what nearly every database writes, before all others for its speed
        return _placed(datetime.fromisoformat(text), zone)
    if _COMPACT.fullmatch(text):
        return _placed(datetime.fromisoformat(text if len(text) == 8 else f"{text[:8]}T{text[8:]}"), zone)
    if _NUMBER.fullmatch(text):
        return Moment(_seconds(Decimal(text)))
    return _placed(_datetime(text, month_first=month_first), zone)


def _seconds(number: Decimal) -> int:
    """Unix seconds of a number of seconds, milliseconds or microseconds, told apart by their size."""
    if not 0 < number < _MICROSECONDS_BELOW:
        raise ValueError
    unit = 1 if number < _SECONDS_BELOW else 1000 if number < _MILLISECONDS_BELOW else 1_000_000
    return int(number / unit)


def _datetime(text: str, *, month_first: bool) -> datetime:
    """A time from its text, in the forms in which databases, frameworks and spreadsheets write it."""
    slashed = _SLASHED.fullmatch(text)
    if slashed is not None:
        return _of_parts(slashed, month_first=month_first)
    javascript = _JAVASCRIPT.fullmatch(text)
    if javascript is not None:
        month, day, year, clock, rest = javascript.groups()
        return parsedate_to_datetime(f"{day} {month} {year} {clock} {rest.removeprefix('GMT')[:5] or '-0000'}")
    try:
        return datetime.fromisoformat(_iso(text))
    except ValueError:
        return parsedate_to_datetime(text)


def _iso(text: str) -> str:
    """A text in the form that the standard library reads: the zone as an offset, right behind the time."""
    offset = _OFFSET.search(text)
    if offset is not None and ":" in text[: offset.start()]:
        return f"{text[: offset.start()]}{offset[1]}{offset[2]}:{offset[3] or '00'}"
    return _UTC_NAME.sub("+00:00", text)


def _of_parts(match: re.Match[str], *, month_first: bool) -> datetime:
    first, mark, second, year, hour, minute, seconds, half = match.groups()
    # Points and dashes part the day from the month nowhere else than where the day stands first.
    swapped = mark == "/" and (month_first or int(second) > _LATEST_MONTH or half is not None)
    day, month = (second, first) if swapped else (first, second)
    hours = int(hour or 0)
    if half is not None:
        hours = hours % _NOON + (_NOON if half[0] in "pP" else 0)
    return datetime(int(year), int(month), int(day), hours, int(minute or 0), int(seconds or 0))  # noqa: DTZ001


def _placed(moment: datetime, zone: tzinfo) -> Moment:
    """Unix seconds of a time; one without a zone is of the zone that is said."""
    if moment.tzinfo is not None:
        return Moment(_checked(moment))
    if zone is UTC:
        return Moment(_checked(moment.replace(tzinfo=UTC)))
    earlier, later = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    return Moment(_checked(earlier), earlier.utcoffset() != later.utcoffset())


def _checked(moment: datetime) -> int:
    seconds = int(moment.timestamp())
    if seconds <= 0:
        raise ValueError
    return seconds
