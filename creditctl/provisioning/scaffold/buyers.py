"""Guesses where sessions carry the buyer: where the application's users stand, or a key called like one. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from creditctl.provisioning.scaffold.booked import NOTHING_BOOKED, Bookings, booked_for
from creditctl.provisioning.scaffold.sales import RecentSession

REFERENCE = "client_reference_id"
_KEY = re.compile(
    r"user|account|customer|member|subscriber|buyer|owner|tenant|org|team|workspace|\buid\b", re.IGNORECASE
)
_OURS = "user_id"
_ENOUGH_PERCENT = 95


@dataclass(frozen=True, slots=True)
class BuyerGuess:
    """Guess of the buyer's place. Shape: `place` is None where the usual ones do; `reason` says why."""

    place: str | None
    reason: str


def guess_buyer(
    sessions: Sequence[RecentSession], bookings: Bookings = NOTHING_BOOKED, proven: str | None = None
) -> BuyerGuess:
    """The likely place of the buyer. Shape: `proven` is where those stand whom the application credited; absent, it is
    one called like a user.
    """
    if proven is None:
        return _by_name(sessions)
    count = len(pairs_at(sessions, proven, bookings))
    return _guess(proven, sessions, f"{count} of {len(sessions)} sessions have there whom the application credited")


def values_at(sessions: Sequence[RecentSession], place: str) -> Iterator[tuple[RecentSession, str]]:
    """The sessions that carry something at a place, each with it."""
    for session in sessions:
        value = session.reference if place == REFERENCE else session.metadata.get(place.removeprefix("metadata."))
        if value:
            yield session, value


def places_of(sessions: Sequence[RecentSession]) -> list[str]:
    """Every place that may carry the buyer, the usual ones first, then keys called like a user."""
    keys = list(dict.fromkeys(key for session in sessions for key in session.metadata))
    keys.sort(key=lambda key: (key != _OURS, _KEY.search(key) is None))
    return [REFERENCE, *(f"metadata.{key}" for key in keys)]


def pairs_at(sessions: Sequence[RecentSession], place: str, bookings: Bookings) -> list[tuple[str, str]]:
    """The users whom the application credited, each with what the session carries at a place."""
    found = ((booked_for(session.names, bookings), value) for session, value in values_at(sessions, place))
    return [(booked.owner, value) for booked, value in found if booked is not None]


def _guess(place: str, sessions: Sequence[RecentSession], reason: str) -> BuyerGuess:
    """The place, or None where it is one of the two usual ones and the other does not contradict it."""
    usual = (REFERENCE, f"metadata.{_OURS}")
    if place in usual:
        (other,) = (each for each in usual if each != place)
        here = {id(session): value for session, value in values_at(sessions, place)}
        if all(here.get(id(session)) == value for session, value in values_at(sessions, other)):
            return BuyerGuess(None, reason)
    return BuyerGuess(place, reason)


def _by_name(sessions: Sequence[RecentSession]) -> BuyerGuess:
    total = len(sessions)
    if not total:
        return BuyerGuess(None, "no session was seen")
    referenced = sum(session.reference is not None for session in sessions)
    counts = Counter(
        key for session in sessions for key, value in session.metadata.items() if value and _KEY.search(key)
    )
    if _enough(referenced, total) or _enough(counts[_OURS], total):
        return BuyerGuess(None, "sessions carry the buyer in client_reference_id or metadata user_id")
    for key, count in counts.most_common():
        if _enough(count, total):
            return BuyerGuess(f"metadata.{key}", f"{count} of {total} sessions carry it, and it is called like a user")
    return BuyerGuess(None, f"{referenced} of {total} sessions carry client_reference_id, and no metadata key fits")


def _enough(count: int, total: int) -> bool:
    return count * 100 >= total * _ENOUGH_PERCENT
