"""Reach of a pull: which part of each list of Stripe is read for a window of payments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from creditctl.core.when import Window
from creditctl.payments.reading.stripe_reader import BALANCE, DISPUTES, INTENTS, REFUNDS, SESSIONS

SESSION_LIFE_SECONDS = 86_400
"""A payment intent is made while its session is open. Source: Stripe API reference, "Create a Checkout Session",
expires_at: at most 24 hours after creation."""

LISTS = (SESSIONS, INTENTS, REFUNDS, DISPUTES, BALANCE)
"""In the order in which they are read: each names only what existed before it was read, so is in the ones before."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The moments between which each list was read.

    Shape:  sessions and intents reach a session's life beyond the window, because one is older than the other; what
            takes back, and what moves money, reaches to now, because it is younger than its payment.
    Units:  Unix seconds, half-open; None where there is no bound.
    """

    window: Window

    def bounds(self, path: str) -> Window:
        """Of when the objects are that a list was asked for."""
        since, until = self.window.since, self.window.until
        early = None if since is None else since - SESSION_LIFE_SECONDS
        if path == SESSIONS:
            return Window(early, until)
        if path == INTENTS:
            return Window(early, None if until is None else until + SESSION_LIFE_SECONDS)
        return Window(early, None)

    def holds(self, path: str, created: int) -> bool:
        """Whether a list has to show an object of that age."""
        return self.bounds(path).holds(created)

    def parameters(self, path: str, since: int | None = None) -> dict[str, Any]:
        """The filter of a list, or of what is no older than `since` in it.

        Source: Stripe API reference, "created" of any list: gte, lt.
        """
        bounds = self.bounds(path)
        floors = [floor for floor in (bounds.since, since) if floor is not None]
        chosen = {"gte": max(floors, default=None), "lt": bounds.until}
        known = {name: bound for name, bound in chosen.items() if bound is not None}
        return {"created": known} if known else {}
