"""Outcome of a redelivery: what became of each payment whose events were, or were not, delivered again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class RedeliveryOutcome(StrEnum):
    """What became of one payment.

    Shape:  HEALED: the application has booked it. KNOWN: it accepted and changed nothing, so that it takes the payment
            for done. UNSEEN: it accepted, and the file of its rows was not written since. REFUSED: it answered no.
            NO_EVENT: there is none to deliver. WAITING: Stripe still delivers it itself. HELD: delivering could give
            more than is due. WORSE: the rows contradict Stripe since. NOT_TRIED: the run stopped before. PLANNED: a
            dry run would deliver it.
    """

    HEALED = "healed"
    KNOWN = "known"
    UNSEEN = "unseen"
    REFUSED = "refused"
    NO_EVENT = "no_event"
    WAITING = "waiting"
    HELD = "held"
    WORSE = "worse"
    NOT_TRIED = "not_tried"
    PLANNED = "planned"


UNSEEN_REASON = (
    "the application accepted it, and the file of its rows was not written since: write it anew, and run reconcile "
    "again before anything is booked by hand"
)
"""Whoever books by hand what a file does not show yet, books it twice."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One event that was delivered again. Shape: `answer` is empty where it is only planned."""

    event_id: str
    type: str
    answer: str = ""

    def as_dict(self) -> dict[str, str]:
        """The delivery as a JSON document shows it."""
        return {"event": self.event_id, "type": self.type, "answer": self.answer}


@dataclass(frozen=True, slots=True)
class Redelivered:
    """What became of one payment. Shape: `credits` are those that were missing, negative where to be taken."""

    payment_key: str
    user_id: str
    credits: int
    outcome: RedeliveryOutcome
    reason: str
    events: tuple[Delivered, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The result as a JSON document shows it."""
        return {
            "payment_key": self.payment_key,
            "user_id": self.user_id,
            "credits": self.credits,
            "outcome": str(self.outcome),
            "reason": self.reason,
            "events": [each.as_dict() for each in self.events],
        }
