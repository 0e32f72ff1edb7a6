"""Guesses where sessions carry the buyer: `client_reference_id`, or a metadata key called like a user. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_KEY = re.compile(r"user|account|customer|member|buyer|owner|tenant|org|team|workspace|\buid\b", re.IGNORECASE)
_OURS = "user_id"
_ENOUGH_PERCENT = 95


@dataclass(frozen=True, slots=True)
class BuyerGuess:
    """Guess of the buyer's place. Shape: `place` is None where the usual ones do; `reason` says why."""

    place: str | None
    reason: str


def guess_buyer(sessions: Sequence[tuple[str | None, Mapping[str, str]]]) -> BuyerGuess:
    """The likely place of the buyer. Shape: of each session its `client_reference_id` and its metadata."""
    total = len(sessions)
    if not total:
        return BuyerGuess(None, "no session was seen")
    referenced = sum(reference is not None for reference, _ in sessions)
    counts = Counter(key for _, metadata in sessions for key, value in metadata.items() if value and _KEY.search(key))
    if _enough(referenced, total) or _enough(counts[_OURS], total):
        return BuyerGuess(None, "sessions carry the buyer in client_reference_id or metadata user_id")
    for key, count in counts.most_common():
        if _enough(count, total):
            return BuyerGuess(f"metadata.{key}", f"{count} of {total} sessions carry it, and it is called like a user")
    return BuyerGuess(None, f"{referenced} of {total} sessions carry client_reference_id, and no metadata key fits")


def _enough(count: int, total: int) -> bool:
    return count * 100 >= total * _ENOUGH_PERCENT
