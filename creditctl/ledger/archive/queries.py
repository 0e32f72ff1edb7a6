"""How a mirror's rows are asked for and read."""

from __future__ import annotations

from typing import Any

from creditctl.ledger.archive.models import EventQuery, Reading

EVENT_COLUMNS = "id, created, type, object_id, payment_key, charge_id, user_id, chunk, start, length"
READING_COLUMNS = "id, kind, started, floor, cursor, newest, newest_id, oldest, anchor_seen, finished"


def reading_of(row: tuple[Any, ...]) -> Reading:
    """A reading in a row of READING_COLUMNS."""
    values: list[Any] = [*row[:8], bool(row[8]), row[9]]
    return Reading(*values)


def condition(query: EventQuery) -> tuple[str, list[object]]:
    """The SQL condition of a query, and its values."""
    terms = [
        _types(query),
        _bound("created >= ?", query.since),
        _bound("created < ?", query.until),
        _object(query),
        _user(query),
    ]
    used = [(term, values) for term, values in terms if term]
    return " AND ".join(term for term, _ in used) or "1", [value for _, values in used for value in values]


def _bound(term: str, value: int | None) -> tuple[str, list[object]]:
    return ("", []) if value is None else (term, [value])


def _types(query: EventQuery) -> tuple[str, list[object]]:
    """Names by GLOB, of which only the star has a meaning in an event's type."""
    globs = [name.replace("[", "[[]").replace("?", "[?]") for name in query.types]
    return (f"({' OR '.join(['type GLOB ?'] * len(globs))})" if globs else "", list(globs))


def _object(query: EventQuery) -> tuple[str, list[object]]:
    """By what an event is about; only a charge's id is looked for where no index helps."""
    about = query.object_id
    if about is None:
        return "", []
    if about.startswith(("ch_", "py_")):
        return "(object_id = ? OR charge_id = ?)", [about, about]
    return "(object_id = ? OR payment_key = ?)", [about, about]


def _user(query: EventQuery) -> tuple[str, list[object]]:
    if query.user_id is None:
        return "", []
    keys = sorted(query.payment_keys)
    payments = f" OR payment_key IN ({', '.join('?' * len(keys))})" if keys else ""
    return f"(user_id = ?{payments})", [query.user_id, *keys]
