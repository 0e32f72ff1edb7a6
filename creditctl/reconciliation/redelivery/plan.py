"""Redelivery plan: for each payment that an application lacks, the events to deliver again, or why there are none."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.facts import Fact
from creditctl.core.entitlement.settlement import EntryDraft, EntryKind
from creditctl.core.when import iso_time
from creditctl.ledger.archive.models import EventQuery, EventRecord
from creditctl.payments.repair import Repair
from creditctl.reconciliation.redelivery.event_choice import FactKey, chosen, fact_key, searches
from creditctl.reconciliation.redelivery.outcome import UNSEEN_REASON, Delivered, Redelivered, RedeliveryOutcome
from creditctl.reconciliation.redelivery.vanished import VanishedRows

RETENTION_SECONDS = 30 * 86_400
"""How long Stripe lists an event. Source: Stripe API reference, "List all events": up to 30 days."""

LIVE_RETRY_SECONDS, TEST_RETRY_SECONDS = 3 * 86_400, 3 * 3600
"""How long Stripe itself delivers again.

Source: Stripe documentation, "Process undelivered webhook events": up to three days in live mode; in a sandbox three
        times over a few hours.
"""

_DAY_SECONDS = 86_400

FindEvents = Callable[[EventQuery], Sequence[EventRecord]]
"""Finds events on Stripe and in the archive."""


@dataclass(frozen=True, slots=True)
class RedeliveryTerms:
    """What a plan is made by.

    Shape: `subscribed` are the types that the endpoint takes; `orphans` are entries that nothing on Stripe explains;
           `accepted` says when an earlier repair's delivery of an event was accepted; `vanished` are rows that are
           gone; `written_at` is when the file of the rows was written. Units: times in Unix seconds.
    """

    now: int
    livemode: bool
    subscribed: tuple[str, ...]
    orphans: tuple[CreditEntry, ...] = ()
    accepted: Mapping[str, int] = field(default_factory=dict)
    vanished: VanishedRows = field(default_factory=VanishedRows)
    written_at: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedRedelivery:
    """What is to be delivered for one payment. Shape: `events` oldest first; `held` says why none is, with a reason."""

    repair: Repair
    events: tuple[tuple[FactKey, EventRecord], ...] = ()
    held: tuple[RedeliveryOutcome, str] | None = None

    def result(self, outcome: RedeliveryOutcome, reason: str, events: Sequence[Delivered] = ()) -> Redelivered:
        """What became of it."""
        user = self.repair.drafts[0].user_id
        return Redelivered(self.repair.payment_key, user, self.repair.credits, outcome, reason, tuple(events))

    def planned(self) -> Redelivered:
        """What would become of it."""
        if self.held is not None:
            return self.result(*self.held)
        shown = [Delivered(record.id, record.type) for _, record in self.events]
        return self.result(RedeliveryOutcome.PLANNED, "delivered until the application has booked it", shown)


def plan_redelivery(
    repair: Repair, names: Collection[str], find: FindEvents, terms: RedeliveryTerms
) -> PlannedRedelivery:
    """The plan for one payment. Shape: `names` are what events and rows may call it, its key among them."""
    reason = terms.vanished.reason(names) or _more_than_due(repair) or _perhaps_booked(repair, terms.orphans)
    if reason is not None:
        return PlannedRedelivery(repair, held=(RedeliveryOutcome.HELD, reason))
    events = tuple(
        (fact_key(draft), record) for draft in repair.drafts for record in _events_of(repair, draft, names, find, terms)
    )
    once = {record.id: (key, record) for key, record in reversed(events)}
    ordered = tuple(sorted(once.values(), key=lambda each: (each[1].created, each[1].id)))
    if not ordered:
        return PlannedRedelivery(repair, held=(RedeliveryOutcome.NO_EVENT, _why_none(repair, terms)))
    return _without_known(repair, ordered, terms)


def _more_than_due(repair: Repair) -> str | None:
    """An event of a purchase grants all of it, whatever went back since."""
    if repair.purchase is None or repair.credits == repair.purchase.credits:
        return None
    return (
        f"money went back since, and {repair.credits:,} of {repair.purchase.credits:,} credits are due: an event of "
        "the purchase would give all of them"
    )


def _perhaps_booked(repair: Repair, orphans: Sequence[CreditEntry]) -> str | None:
    """A row that nothing on Stripe explains, and that looks like the missing one: then [source] reads it wrongly."""
    purchase = repair.purchase
    if purchase is None:
        return None
    for entry in orphans:
        close = abs(entry.created - purchase.created) <= _DAY_SECONDS
        if entry.credits == purchase.credits and (close or entry.user_id == purchase.user_id):
            return (
                f"row {entry.name} gave as many credits and names no payment that Stripe knows: it may be the one that "
                "is missing, so look at [source.columns] payment_key first"
            )
    return None


def _events_of(
    repair: Repair, draft: EntryDraft, names: Collection[str], find: FindEvents, terms: RedeliveryTerms
) -> list[EventRecord]:
    fact = _fact_of(repair, draft)
    moment = draft.created if fact is None else fact.created
    for search in searches(draft.kind, moment, terms.subscribed):
        found = find(EventQuery(types=search.types, since=search.since, until=search.until))
        wanted = chosen(draft.kind, found, names, fact)
        if wanted:
            return wanted
    return []


def _fact_of(repair: Repair, draft: EntryDraft) -> Fact | None:
    if draft.kind is EntryKind.PURCHASE:
        return None
    return next(each for each in repair.facts if each.object_id == draft.object_id)


def _why_none(repair: Repair, terms: RedeliveryTerms) -> str:
    moments = [draft.created if (fact := _fact_of(repair, draft)) is None else fact.created for draft in repair.drafts]
    if terms.now - min(moments) > RETENTION_SECONDS:
        return "its event is older than 30 days: Stripe no longer lists it, and the archive does not have it"
    return "Stripe made no event of it of a type that the endpoint takes"


def _without_known(
    repair: Repair, events: Sequence[tuple[FactKey, EventRecord]], terms: RedeliveryTerms
) -> PlannedRedelivery:
    """The plan without what was delivered before, or is still on its way."""
    waiting = [until for _, record in events if (until := _pending_until(record, terms)) is not None]
    if waiting:
        reason = f"Stripe itself still delivers its event, until {iso_time(max(waiting))} at the latest"
        return PlannedRedelivery(repair, held=(RedeliveryOutcome.WAITING, reason))
    accepted = terms.accepted
    left = tuple((key, record) for key, record in events if record.id not in accepted)
    if left:
        return PlannedRedelivery(repair, left)
    last = events[-1][1].id
    if terms.written_at is not None and terms.written_at <= accepted[last]:
        return PlannedRedelivery(repair, held=(RedeliveryOutcome.UNSEEN, UNSEEN_REASON))
    reason = (
        f"known to the application: {last} was delivered to it again at {iso_time(accepted[last])}, and accepted; "
        f"`creditctl events replay {last}` sends it once more"
    )
    return PlannedRedelivery(repair, held=(RedeliveryOutcome.KNOWN, reason))


def _pending_until(record: EventRecord, terms: RedeliveryTerms) -> int | None:
    """Until when Stripe may deliver an event by itself; None where it does not any more.

    Source: Stripe API reference, "The Event object": `pending_webhooks` counts what was not accepted, given up or not.
    """
    until = record.created + (LIVE_RETRY_SECONDS if terms.livemode else TEST_RETRY_SECONDS)
    pending = json.loads(record.body).get("pending_webhooks")
    return until if pending and terms.now < until else None
