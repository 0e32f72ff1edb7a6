"""What is the first thing missing of a payment, why, and which command mends it. Pure: it only judges what was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.decision import Decision, Disagrees, Grants, NeedsLineItems, NotOurs, Waits, decide
from creditctl.core.entitlement.facts import DisputeFact, Fact, LineItem, MalformedFact, RefundFact, SessionFacts
from creditctl.core.entitlement.settlement import CLAWBACK_KINDS, EntryKind, Purchase, credits_to_take, returned_amount
from creditctl.ledger.archive.models import EventRecord
from creditctl.ledger.models import Entry, FindingStatus
from creditctl.payments.event_types import ASYNC_PAYMENT_SUCCEEDED_TYPE, PAID_TYPES, SESSION_COMPLETED_TYPE
from creditctl.trace.facts import Body, PaymentFacts

_TOOK = frozenset(("posted", "exists"))


@dataclass(frozen=True, slots=True)
class Missing:
    """The first thing that is not there.

    Shape: `what` is missing, `why` as far as it can be told, `command` mends it, empty where nothing has to be done.
           `fault` is False for what only waits for a buyer or a bank. Units: `at` in Unix seconds, where it belongs.
    """

    what: str
    why: str
    command: str
    at: int
    fault: bool = True


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The judgement of one payment. Shape: `note` says how things stand where nothing is missing."""

    missing: Missing | None
    note: str


def diagnose(payment: PaymentFacts, catalog: Catalog) -> Diagnosis:
    """Follows a payment from the session to the last entry, and stops at the first thing that is missing."""
    try:
        return _diagnose(payment, catalog)
    except MalformedFact as error:
        return Diagnosis(None, f"Stripe's objects cannot be judged: {error}")


def _diagnose(payment: PaymentFacts, catalog: Catalog) -> Diagnosis:
    if payment.session is None:
        return _without_session(payment)
    session = SessionFacts.from_stripe(payment.session)
    decision = _decide(session, payment, catalog)
    if isinstance(decision, NotOurs):
        return Diagnosis(None, f"This is no purchase of credits: {decision.reason}")
    if isinstance(decision, Waits):
        return Diagnosis(_waiting(session), "")
    if not payment.has_ledger:
        return Diagnosis(None, "It is paid. Whether the credits were added cannot be seen without the ledger.")
    purchase = _purchase_entry(payment)
    if purchase is None:
        return Diagnosis(_uncredited(payment, session, decision), "")
    if isinstance(decision, Grants) and not purchase.agrees_with(decision.purchase.draft()):
        return Diagnosis(_differs(purchase, decision.purchase), "")
    missing = _unreturned(payment, purchase)
    return Diagnosis(missing, "" if missing else "Everything that Stripe tells is in the ledger.")


def _decide(session: SessionFacts, payment: PaymentFacts, catalog: Catalog) -> Decision:
    decision = decide(session, catalog)
    if isinstance(decision, NeedsLineItems) and payment.items is not None:
        return decide(session, catalog, [LineItem.from_stripe(item) for item in payment.items])
    return decision


def _without_session(payment: PaymentFacts) -> Diagnosis:
    if not payment.stripe_seen:
        return Diagnosis(None, "Stripe was not seen, so what it holds is not judged.")
    if payment.intent is None and payment.entries:
        missing = Missing(
            "the payment on Stripe",
            f"the ledger holds entries of {payment.key}, which Stripe does not know in this account and mode",
            "creditctl reconcile",
            payment.entries[0].recorded,
        )
        return Diagnosis(missing, "")
    return Diagnosis(None, "No Checkout session belongs to this payment, so no credits are expected of it.")


def _waiting(session: SessionFacts) -> Missing:
    if session.status == "expired":
        return Missing("the payment", "nobody paid before the session expired", "", session.created, fault=False)
    if session.status == "complete":
        why = f"the bank has not confirmed it yet; {ASYNC_PAYMENT_SUCCEEDED_TYPE} will come with the money"
        return Missing("the money", why, "", session.created, fault=False)
    command = f"creditctl events trigger {SESSION_COMPLETED_TYPE} --session {session.id}"
    why = "the buyer has not finished the Checkout page"
    return Missing("the payment", why, "" if session.livemode else command, session.created, fault=False)


def _purchase_entry(payment: PaymentFacts) -> Entry | None:
    return next((entry for entry in payment.entries if entry.kind is EntryKind.PURCHASE), None)


def _uncredited(payment: PaymentFacts, session: SessionFacts, decision: Decision) -> Missing:
    """Why a paid session has no entry: from the last thing that can be seen backwards to the first."""
    event = next((record for record in reversed(payment.events) if record.type in PAID_TYPES), None)
    at = session.created if event is None else event.created
    finding = next((each for each in payment.findings if each.status is FindingStatus.OPEN), None)
    if finding is not None:
        fix = finding.finding.fix.replace("`", "")
        return Missing("a decision", finding.finding.message, fix, max(at, finding.recorded))
    if isinstance(decision, Disagrees) and event is not None and payment.deliveries_of(event.id):
        return Missing("the credits", decision.finding.message, "creditctl ledger findings", at)
    if event is None:
        why = "no event of this payment can be seen; Stripe lists thirty days, the archive what was kept"
        return Missing("the event", why, "creditctl reconcile --repair", at)
    return _undelivered(payment, event)


def _undelivered(payment: PaymentFacts, event: EventRecord) -> Missing:
    """What stands between an event and its entry."""
    replay = f"creditctl events replay {event.id}"
    deliveries = payment.deliveries_of(event.id)
    if not deliveries:
        return Missing(f"the delivery of {event.id}", _why_not_delivered(payment), replay, event.created)
    last = deliveries[-1]
    if last.outcome in _TOOK:
        why = f"the delivery says {last.outcome}, but no such entry can be found"
        return Missing("the entry", why, "creditctl ledger verify", last.received)
    reason = f" ({last.reason})" if last.reason else ""
    why = f"the last of {len(deliveries)} deliveries ended in {last.outcome}{reason}"
    return Missing("the entry", why, replay, last.received)


def _why_not_delivered(payment: PaymentFacts) -> str:
    if payment.rejected:
        return (
            f"our webhook logged none, but rejected {payment.rejected} deliveries with a bad signature at that time: "
            "STRIPE_WEBHOOK_SECRET is probably not the endpoint's"
        )
    return "our webhook logged none: no endpoint took this type then, or the backend could not be reached"


def _differs(entry: Entry, purchase: Purchase) -> Missing:
    why = (
        f"entry {entry.id} gives {entry.credits:,} credits to user {entry.user_id}, Stripe's session is worth "
        f"{purchase.credits:,} for user {purchase.user_id}"
    )
    return Missing("agreement", why, "creditctl reconcile", entry.recorded)


def _unreturned(payment: PaymentFacts, purchase: Entry) -> Missing | None:
    """The credits that refunds and disputes should have taken, against those that they took."""
    facts = _facts(payment)
    if not facts or purchase.currency is None:
        return None
    returned = returned_amount(purchase.amount, facts, purchase.currency)
    target = credits_to_take(purchase.credits, purchase.amount, returned)
    taken = -sum(entry.credits for entry in payment.entries if entry.kind in CLAWBACK_KINDS)
    if target == taken:
        return None
    fact = _blamed(facts, payment.entries)
    at = max((entry.recorded for entry in payment.entries), default=purchase.recorded)
    way = "taken back" if target > taken else "given back"
    what = f"{abs(target - taken):,} credits to be {way} for {fact.object_id}"
    event = next((record for record in reversed(payment.events) if record.object_id == fact.object_id), None)
    if event is None:
        return Missing(what, "no event of it can be seen", "creditctl reconcile --repair", max(at, fact.created))
    found = _undelivered(payment, event)
    return Missing(what, found.why, found.command, found.at)


def _facts(payment: PaymentFacts) -> list[Fact]:
    refunds = [RefundFact.from_stripe(body, _observed(body)) for body in payment.refunds]
    disputes = [DisputeFact.from_stripe(body, _observed(body)) for body in payment.disputes]
    return [fact for fact in (*refunds, *disputes) if fact is not None]


def _observed(body: Body) -> int:
    created = body.get("created")
    return created if isinstance(created, int) else 0


def _blamed(facts: Sequence[Fact], entries: Sequence[Entry]) -> Fact:
    """The refund or dispute that has no entry, or else the latest."""
    named = {entry.object_id for entry in entries if entry.kind in CLAWBACK_KINDS}
    ordered = sorted(facts, key=lambda fact: fact.created)
    return next((fact for fact in ordered if fact.object_id not in named), ordered[-1])
