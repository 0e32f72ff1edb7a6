"""Trace facts: everything known about payments, from Stripe, archive and ledger together, and what was not seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.ledger.archive.models import EventRecord
from creditctl.ledger.models import Delivery, StoredFinding
from creditctl.payments.case import PaymentCase


@dataclass(frozen=True, slots=True)
class TracedPayment:
    """One payment as all three sides show it.

    Shape: `deliveries` are those of its events; `balances` maps an entry's id to the user's balance after it;
           `rejected` counts the deliveries with a bad signature around its events; `unproven` names endpoints of which
           nothing shows whose the signing secret is, where its events were not delivered; `has_ledger` and
           `stripe_seen` say whether those sides could be looked at; `rivals` are purchases under an application's own
           numbers that may be what this payment lacks, by their credits.
    """

    case: PaymentCase
    events: tuple[EventRecord, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    entries: tuple[CreditEntry, ...] = ()
    findings: tuple[StoredFinding, ...] = ()
    balances: Mapping[int, int] = field(default_factory=dict)
    rejected: int = 0
    unproven: tuple[str, ...] = ()
    rivals: Mapping[int, CreditEntry] = field(default_factory=dict)
    has_ledger: bool = True
    stripe_seen: bool = True

    @property
    def key(self) -> str:
        """The payment intent, or the session where there is none."""
        return self.case.key

    @property
    def known(self) -> bool:
        """Whether any side knows it."""
        return bool(self.case.sold or self.case.intent or self.case.unreadable or self.events or self.entries)

    @property
    def both_sides_seen(self) -> bool:
        """Whether Stripe and the ledger could both be looked at, so that a verdict means something."""
        return self.has_ledger and (self.stripe_seen or self.case.sold is not None)

    def deliveries_of(self, event_id: str) -> tuple[Delivery, ...]:
        """The deliveries of one event that our webhook logged."""
        return tuple(each for each in self.deliveries if each.event_id == event_id)


@dataclass(frozen=True, slots=True)
class TraceFacts:
    """What a trace read.

    Shape: `settled` says how findings stand in the ledger, by code and subject; `unseen` are sentences; `away` says
           that Stripe did not answer. Units: `started` in Unix seconds.
    """

    subject: str
    payments: tuple[TracedPayment, ...]
    unseen: tuple[str, ...]
    started: int
    settled: Mapping[tuple[str, str], StoredFinding] = field(default_factory=dict)
    away: bool = False
