"""SQL of an archive: columns, SELECT and INSERT statements, and the condition of an EventQuery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from creditctl.ledger.archive.models import EventQuery, EventRecord, Reading, ReplayItem
from creditctl.ledger.sqlite.statements import insert, marks, select

EVENT_KEYS = EventRecord._fields[:-1]
"""What an event is looked up by; its body lies in a chunk with others."""

EVENT_COLUMNS = (*EVENT_KEYS, "chunk", "start", "length")
READING_COLUMNS = tuple(field.name for field in fields(Reading))
ITEM_COLUMNS = tuple(field.name for field in fields(ReplayItem))

INSERT_EVENT = insert("events", (*EVENT_COLUMNS, "reading"))
SELECT_EVENT = select(EVENT_COLUMNS, "events", "WHERE id = ?")
SELECT_READING = select(READING_COLUMNS, "readings", "WHERE id = ?")

_ORDER = "created, reading, seq DESC"
_NEWEST_FIRST = "created DESC, reading DESC, seq"


def select_events(where: str, *, newest_first: bool = False) -> str:
    """A SELECT of the events that meet a condition, in their order. Shape: its last value is the limit."""
    order = _NEWEST_FIRST if newest_first else _ORDER
    return select(EVENT_COLUMNS, "events e", f"WHERE {where} ORDER BY {order} LIMIT ?")


def select_ids(where: str) -> str:
    """A SELECT of the ids of the events that meet a condition, in their order."""
    return select(("id",), "events", f"WHERE {where} ORDER BY {_ORDER}")


def select_known_ids(event_ids: Sequence[str]) -> str:
    """A SELECT of those of some ids that are kept. Shape: its values are the ids."""
    return select(("id",), "events", f"WHERE id IN ({marks(event_ids)})")


def reading_of(row: Sequence[Any]) -> Reading:
    """A reading from a row in READING_COLUMNS."""
    found = Reading(*row)
    return replace(found, anchor_seen=bool(found.anchor_seen))


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
    payments = f" OR payment_key IN ({marks(keys)})" if keys else ""
    return f"(user_id = ?{payments})", [query.user_id, *keys]
