"""Booked payments: what an application's own rows say of the sales that Stripe shows, as evidence for guesses. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BookedPayment:
    """What an application gave for one payment. Shape: `owner` is its user as it writes them itself."""

    owner: str
    credits: int


Bookings = Mapping[str, BookedPayment]
"""What was booked, by the id of a payment intent, a session or a charge."""

NOTHING_BOOKED: Bookings = {}


def booked_for(names: Sequence[str], bookings: Bookings) -> BookedPayment | None:
    """What was booked for a payment. Shape: `names` are all ids by which a row may call it."""
    return next((bookings[name] for name in names if name in bookings), None)
