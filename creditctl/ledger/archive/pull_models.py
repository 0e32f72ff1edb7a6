"""Rows of a pull in an archive as values: objects of Stripe's lists, slices of time, and how far a pull has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class PulledObject(NamedTuple):
    """One object of a list as it is kept; a tuple, because a pull makes a great many.

    Shape: `open` is one that is read again until it is final; `body` is JSON with the fields that are kept.
    Units: `created` in Unix seconds.
    """

    id: str
    created: int
    payment: str | None
    open: bool
    body: bytes


class PullSlice(NamedTuple):
    """A stretch of one list, half-open; None has no end. Units: Unix seconds, UTC."""

    list: str
    since: int
    until: int | None


@dataclass(frozen=True, slots=True)
class PullState:
    """How far the pulls have come.

    Shape: `layout` numbers the choice of fields that are kept; `tied` says that everything kept ties out, `whole` that
           a reading of everything is under way.
    Units: `at`, when Stripe was last read, in Unix seconds.
    """

    layout: int
    at: int
    tied: bool
    whole: bool


@dataclass(frozen=True, slots=True)
class TieOutNotes:
    """What a run leaves to the next one once everything ties out.

    Shape: `seen` is the last note about a change that it saw; `again` are the names of payments that every run reads
           anew, `waiting` those of which something is still to come; `readable` says whether the balance transactions
           were among what ties out.
    """

    seen: int
    readable: bool
    again: frozenset[str] = frozenset()
    waiting: frozenset[str] = frozenset()
