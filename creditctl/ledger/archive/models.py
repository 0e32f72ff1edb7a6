"""Rows of an archive as values: events, queries, readings, gaps, replay items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class EventRecord(NamedTuple):
    """One event of Stripe's with what it is looked up by; a tuple, because an archive makes a great many.

    Shape: `payment_key` is the payment intent, or the session where it has none; `body` is the whole event, JSON.
    Units: `created` in Unix seconds.
    """

    id: str
    created: int
    type: str
    object_id: str | None
    payment_key: str | None
    charge_id: str | None
    user_id: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Query of events; what is empty or None admits all.

    Shape: `types` may hold `*` as in `charge.*`; `object_id` finds what an event is about, also by its payment and
           charge; an event of a user names the user or one of `payment_keys`.
    Units: `since` <= created < `until`, Unix seconds.
    """

    types: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    object_id: str | None = None
    user_id: str | None = None
    payment_keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of the list of events, newest first, from now down to its floor.

    Shape: `cursor` is the last event that was stored; `newest_id` the first that was seen; `anchor_seen` whether it met
           the newest event of the reading before, so that nothing lies between the two.
    """

    id: int
    kind: str
    started: int
    floor: int | None
    cursor: str | None = None
    newest: int | None = None
    newest_id: str | None = None
    oldest: int | None = None
    anchor_seen: bool = False
    finished: int | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time whose events were never read and can no longer be. Units: Unix seconds."""

    since: int
    until: int
    noticed: int


@dataclass(frozen=True, slots=True)
class ReplayItem:
    """One event of a replay and how far it has come.

    Shape: `state` is pending, sending, accepted, failed or skipped.
    """

    position: int
    event_id: str
    state: str
    tries: int
    answer: str | None
