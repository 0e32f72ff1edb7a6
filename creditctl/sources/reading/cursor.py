"""Cursor of incremental reading: where the next reading goes on, kept as text in the type that the column has."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal

OVERLAP_SECONDS = 3600
"""What was updated so long before the latest is read again: a slow transaction commits an older time later."""

_MINUTES = len("2026-11-01T08:30")
_MILLISECONDS_FROM = 10**11


def later(known: object, value: object) -> object:
    """The later of two times of one column; what is of another type is no time to go on from."""
    if value is None or value == "":
        return known
    if isinstance(known, datetime) and isinstance(value, datetime):
        return max(known, value)
    if isinstance(known, str) and isinstance(value, str):
        return max(known, value)
    if isinstance(known, int | float | Decimal) and isinstance(value, int | float | Decimal):
        return max(known, value)
    return known if isinstance(known, date) and isinstance(value, date) and known > value else value


def cursor_text(value: object) -> str | None:
    """A time as text; None where it cannot be gone on from."""
    if isinstance(value, datetime):
        return json.dumps(["datetime", value.isoformat()])
    if isinstance(value, date):
        return json.dumps(["date", value.isoformat()])
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return json.dumps(["number", str(value)])
    return json.dumps(["text", value]) if isinstance(value, str) and _moment(value) is not None else None


def resume_from(text: str) -> object:
    """The time from which on rows are read, with the overlap; None where the text says none."""
    kind, value = json.loads(text)
    overlap = timedelta(seconds=OVERLAP_SECONDS)
    if kind == "datetime":
        return datetime.fromisoformat(value) - overlap
    if kind == "date":
        return date.fromisoformat(value) - timedelta(days=1)
    if kind == "number":
        number = Decimal(value)
        back = OVERLAP_SECONDS * (1000 if number >= _MILLISECONDS_FROM else 1)
        return int(number) - back
    moment = _moment(value)
    # Texts are compared letter by letter: up to the minute, and with the same letter between day and hour.
    mark = value[len("2026-11-01")] if len(value) > len("2026-11-01") else " "
    return None if moment is None else (moment - overlap).isoformat(mark)[:_MINUTES]


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError:
        return None
