"""Ledger effect of an event: whether its entry is posted already, and what a delivery of it added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creditctl.core.entitlement.dispute import FUNDS_REINSTATED_TYPE, FUNDS_WITHDRAWN_TYPE
from creditctl.core.entitlement.settlement import EntryKind
from creditctl.events.event_view import EventView
from creditctl.ledger.archive.models import EventRecord
from creditctl.ledger.models import Entry, EntryFilter
from creditctl.ledger.view import LedgerView
from creditctl.payments.event_types import CHARGE_REFUNDED_TYPE, DISPUTE_CREATED_TYPE, PAID_TYPES

_DISPUTE_KINDS = {
    DISPUTE_CREATED_TYPE: EntryKind.DISPUTE,
    FUNDS_WITHDRAWN_TYPE: EntryKind.DISPUTE,
    FUNDS_REINSTATED_TYPE: EntryKind.DISPUTE_REVERSAL,
}
_MOST_ENTRIES = 1000


def is_posted(record: EventRecord, ledger: LedgerView) -> bool:
    """Whether the entry that this event leads to is written; False for one that leads to none.

    Shape: a purchase is known by its payment, a refund or dispute by its id and whether it takes or gives back.
    """
    if record.type in PAID_TYPES:
        return record.payment_key is not None and ledger.purchase_of(record.payment_key) is not None
    about: Mapping[str, Any] = EventView(record).body["data"]["object"]
    if record.type == CHARGE_REFUNDED_TYPE:
        return _refunded(record, about, ledger)
    if about.get("object") not in ("refund", "dispute") or record.object_id is None:
        return False
    entries = ledger.entries(EntryFilter(object_id=record.object_id), limit=_MOST_ENTRIES)
    if any(entry.source_event == record.id for entry in entries):
        return True
    wanted = _kind(record, about)
    return wanted is not None and any(entry.kind is wanted for entry in entries)


def _kind(record: EventRecord, about: Mapping[str, Any]) -> EntryKind | None:
    if about.get("object") == "dispute":
        return _DISPUTE_KINDS.get(record.type)
    return EntryKind.REFUND_REVERSAL if about.get("status") in ("failed", "canceled") else EntryKind.REFUND


def _refunded(record: EventRecord, about: Mapping[str, Any], ledger: LedgerView) -> bool:
    """A charge's refunds are posted when they took back as much money as the charge says was refunded."""
    if record.payment_key is None:
        return False
    entries = ledger.entries(EntryFilter(payment_key=record.payment_key), limit=_MOST_ENTRIES)
    taken = -sum(entry.amount for entry in entries if entry.kind in (EntryKind.REFUND, EntryKind.REFUND_REVERSAL))
    return 0 < int(about.get("amount_refunded") or 0) <= taken


def entries_of_event(ledger: LedgerView, record: EventRecord) -> list[Entry]:
    """Finds the entries that an event led to, or that its delivery found already there."""
    found: dict[int, Entry] = {}
    for wanted in (EntryFilter(payment_key=record.payment_key), EntryFilter(object_id=record.object_id)):
        if wanted != EntryFilter():
            entries = ledger.entries(wanted, limit=_MOST_ENTRIES)
            found |= {entry.id: entry for entry in entries if entry.source_event == record.id}
    named = (delivery.entry_id for delivery in ledger.deliveries(event_id=record.id, limit=_MOST_ENTRIES))
    for number in named:
        entry = None if number is None else ledger.entry(number)
        if entry is not None:
            found[entry.id] = entry
    return [found[number] for number in sorted(found)]


@dataclass(frozen=True, slots=True)
class LedgerEffect:
    """Effect of one delivery on the ledger.

    Shape: `outcome` is how our webhook logged it, None where it logged nothing.
    """

    entries: tuple[Entry, ...]
    outcome: str | None

    @property
    def credits(self) -> int:
        """The credits that it added, or with a negative number took."""
        return sum(entry.credits for entry in self.entries)


def ledger_effect_of(ledger: LedgerView, event_id: str, head_before: int) -> LedgerEffect:
    """Reads what an event's delivery wrote since the ledger had `head_before` entries."""
    new = ledger.entries(after_id=head_before, limit=_MOST_ENTRIES)
    deliveries = ledger.deliveries(event_id=event_id, limit=_MOST_ENTRIES)
    return LedgerEffect(
        entries=tuple(entry for entry in new if entry.source_event == event_id),
        outcome=deliveries[-1].outcome if deliveries else None,
    )
