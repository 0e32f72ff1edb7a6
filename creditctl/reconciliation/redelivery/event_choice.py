"""Event choice: which events of Stripe make an application book what it lacks, oldest first. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from creditctl.core.entitlement.dispute import FUNDS_REINSTATED_TYPE, FUNDS_WITHDRAWN_TYPE
from creditctl.core.entitlement.facts import Fact
from creditctl.core.entitlement.settlement import EntryDraft, EntryKind
from creditctl.ledger.archive.models import EventRecord
from creditctl.payments.event_types import (
    ASYNC_PAYMENT_SUCCEEDED_TYPE,
    CHARGE_REFUNDED_TYPE,
    DISPUTE_CREATED_TYPE,
    PAID_TYPES,
)

_CLOSED_TYPE = "charge.dispute.closed"
_INTENT_TYPE = "payment_intent.succeeded"
_FELL_THROUGH = ("refund.failed", "refund.updated", "charge.refund.updated")
EVENTS_OF: dict[EntryKind, tuple[str, ...]] = {
    EntryKind.PURCHASE: (*sorted(PAID_TYPES), _INTENT_TYPE, "charge.succeeded"),
    EntryKind.REFUND: (CHARGE_REFUNDED_TYPE, "refund.created", "refund.updated", "charge.refund.updated"),
    EntryKind.REFUND_REVERSAL: _FELL_THROUGH,
    EntryKind.DISPUTE: (DISPUTE_CREATED_TYPE, FUNDS_WITHDRAWN_TYPE, _CLOSED_TYPE),
    EntryKind.DISPUTE_REVERSAL: (FUNDS_REINSTATED_TYPE, _CLOSED_TYPE),
}
"""The types at which applications book each kind of entry. Source: Stripe API reference, "Types of events"."""

_LATER_TYPES = (ASYNC_PAYMENT_SUCCEEDED_TYPE, _INTENT_TYPE, _CLOSED_TYPE, FUNDS_REINSTATED_TYPE, *_FELL_THROUGH)
"""What may come long after the payment, refund or dispute itself."""

_EARLY_SECONDS, _LATE_SECONDS = 300, 3600

_LET_GO = ("failed", "canceled")

FactKey = tuple[EntryKind, str]
"""Kind of a missing entry, and the payment, refund or dispute that it is about."""


@dataclass(frozen=True, slots=True)
class EventSearch:
    """Where the events of one missing entry are looked for. Units: `since` <= created < `until`, Unix seconds."""

    types: tuple[str, ...]
    since: int
    until: int | None


def fact_key(draft: EntryDraft) -> FactKey:
    """What a missing entry is about."""
    about = draft.payment_key if draft.kind is EntryKind.PURCHASE else draft.object_id
    return draft.kind, about or ""


def searches(kind: EntryKind, moment: int, subscribed: Sequence[str]) -> list[EventSearch]:
    """Where to look: around the moment for every type, and for some from then on; what nobody subscribed is left out.

    Shape: each is only needed where the one before found nothing.
    """
    wanted = tuple(name for name in EVENTS_OF[kind] if takes(subscribed, name))
    later = tuple(name for name in wanted if name in _LATER_TYPES)
    near = EventSearch(wanted, moment - _EARLY_SECONDS, moment + _LATE_SECONDS)
    return [each for each in (near, EventSearch(later, moment + _LATE_SECONDS, None)) if each.types]


def takes(subscribed: Iterable[str], event_type: str) -> bool:
    """Whether an endpoint's `enabled_events` name a type. Source: Stripe API reference: `*` is every event."""
    return any(fnmatchcase(event_type, name) for name in subscribed)


def chosen(
    kind: EntryKind, records: Iterable[EventRecord], names: Collection[str], fact: Fact | None
) -> list[EventRecord]:
    """Those of some events that make an application book one missing entry, oldest first.

    Shape: `names` are the payment's; `fact` is the refund or dispute, None for a purchase.
    """
    found = {each.id: each for each in records if each.type in EVENTS_OF[kind] and _books(kind, each, names, fact)}
    return sorted(found.values(), key=lambda each: (each.created, each.id))


def _books(kind: EntryKind, record: EventRecord, names: Collection[str], fact: Fact | None) -> bool:
    if not {record.payment_key, record.object_id, record.charge_id} & set(names):
        return False
    body = json.loads(record.body)
    about: dict[str, Any] = body["data"]["object"]
    if kind is EntryKind.PURCHASE:
        return record.type not in PAID_TYPES or about.get("payment_status") in ("paid", "no_payment_required")
    assert fact is not None
    if record.type == CHARGE_REFUNDED_TYPE:
        return _raised_by(record.created, body, about, fact)
    if record.object_id != fact.object_id:
        return False
    return _moves(kind, str(about.get("status")), record.type)


def _raised_by(made: int, body: dict[str, Any], about: dict[str, Any], fact: Fact) -> bool:
    """Whether a charge's refund is this one: by its time, and by how much it raised what was refunded.

    Source: Stripe API reference, "The Event object": `previous_attributes` of what changed.
    """
    before = body["data"].get("previous_attributes") or {}
    raised = int(about.get("amount_refunded") or 0) - int(before.get("amount_refunded") or 0)
    return raised == fact.amount and abs(made - fact.created) <= _EARLY_SECONDS


def _moves(kind: EntryKind, status: str, event_type: str) -> bool:
    """Whether an event of a refund or dispute says what the missing entry follows, and not the contrary."""
    if kind is EntryKind.REFUND:
        return status not in _LET_GO
    if kind is EntryKind.REFUND_REVERSAL:
        return status in _LET_GO
    if event_type == _CLOSED_TYPE:
        return status == ("lost" if kind is EntryKind.DISPUTE else "won")
    return True
