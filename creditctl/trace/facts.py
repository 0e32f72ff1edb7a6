"""Everything known about one payment, from Stripe, the archive and the ledger together, and what could not be seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from creditctl.ledger.archive.models import EventRecord
from creditctl.ledger.models import Delivery, Entry, StoredFinding

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """One payment as all three sides show it.

    Shape: `key` is the payment intent, or the session where there is none; `deliveries` are those of its events;
           `balances` maps an entry's id to the user's balance after it; `rejected` counts the deliveries with a bad
           signature around its events; `has_ledger` and `stripe_seen` say whether those sides could be looked at.
    """

    key: str
    session: Body | None = None
    items: tuple[Body, ...] | None = None
    intent: Body | None = None
    refunds: tuple[Body, ...] = ()
    disputes: tuple[Body, ...] = ()
    events: tuple[EventRecord, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    entries: tuple[Entry, ...] = ()
    findings: tuple[StoredFinding, ...] = ()
    balances: Mapping[int, int] = field(default_factory=dict)
    rejected: int = 0
    has_ledger: bool = True
    stripe_seen: bool = True

    def deliveries_of(self, event_id: str) -> tuple[Delivery, ...]:
        """The deliveries of one event that our webhook logged."""
        return tuple(each for each in self.deliveries if each.event_id == event_id)

    @property
    def charge(self) -> Body | None:
        """The latest charge of the payment intent."""
        found = None if self.intent is None else self.intent.get("latest_charge")
        return found if isinstance(found, Mapping) else None


@dataclass(frozen=True, slots=True)
class TraceFacts:
    """What a trace found. Shape: `unseen` are sentences; `away` says that Stripe did not answer."""

    subject: str
    payments: tuple[PaymentFacts, ...]
    unseen: tuple[str, ...]
    away: bool = False
