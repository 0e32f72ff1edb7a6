"""Missing link of a payment: which event, delivery or decision its verdict waits for, and the command. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from creditctl.core.entitlement.decision import NotOurs
from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.facts import SessionFacts
from creditctl.core.entitlement.settlement import EntryDraft, EntryKind
from creditctl.events.event_view import EventView
from creditctl.ledger.archive.models import EventRecord
from creditctl.ledger.models import FindingStatus
from creditctl.payments.event_types import ASYNC_PAYMENT_SUCCEEDED_TYPE, PAID_TYPES, SESSION_COMPLETED_TYPE
from creditctl.payments.verdict import PaymentState, Verdict
from creditctl.reconciliation.redelivery.event_choice import chosen
from creditctl.trace.facts import TracedPayment

_TOOK = frozenset(("posted", "exists"))
_RECONCILE = "creditctl reconcile"
_PROBE = "creditctl webhooks probe"
_NOTHING_PENDING = "no delivery of it is pending on Stripe: an endpoint took it, or none wanted it"
"""Source: Stripe API reference, "The Event object": `pending_webhooks` counts what is yet to be delivered."""


@dataclass(frozen=True, slots=True)
class Missing:
    """The first thing that is not there.

    Shape: `what` is missing, `why` as far as it can be told, `command` mends it, empty where nothing has to be done.
           `fault` is False for what only waits for a buyer, a bank or a webhook. Units: `at` in Unix seconds, where
           it belongs.
    """

    what: str
    why: str
    command: str
    at: int
    fault: bool = True


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a trace says of one payment. Shape: `note` says how things stand where nothing is missing."""

    missing: Missing | None
    note: str = ""


def diagnose(payment: TracedPayment, verdict: Verdict) -> Diagnosis:
    """The first thing that a payment lacks by its verdict, from what was seen of its events and deliveries."""
    if payment.case.sold is None and not payment.stripe_seen:
        return Diagnosis(None, "Stripe was not seen, so what it holds is not judged.")
    if not payment.has_ledger and verdict.ours:
        return Diagnosis(None, "It is paid. Whether the credits were added cannot be seen without the ledger.")
    match verdict.state:
        case PaymentState.WAITING if payment.case.sold is not None:
            return Diagnosis(_waiting(payment.case.sold.session))
        case PaymentState.UNDECIDED:
            return Diagnosis(_undecided(payment, verdict))
        case PaymentState.WRONG:
            return Diagnosis(_wrong(payment, verdict))
        case PaymentState.UNREADABLE:
            return Diagnosis(Missing("a judgement", _message(verdict), _RECONCILE, _paid_at(payment)))
        case PaymentState.MISSING | PaymentState.IN_FLIGHT if verdict.drafts:
            return Diagnosis(_late(payment, verdict))
        case PaymentState.MISSING:
            return Diagnosis(_by_hand(payment, verdict))
    return Diagnosis(None, _note(payment, verdict))


def _note(payment: TracedPayment, verdict: Verdict) -> str:
    """How things stand where nothing is missing."""
    if verdict.state is PaymentState.IN_FLIGHT and verdict.found:
        return verdict.found[0].finding.message
    if isinstance(verdict.decision, NotOurs):
        return f"This is no purchase of credits: {verdict.decision.reason}"
    if payment.case.sold is None:
        return "No Checkout session belongs to this payment, so no credits are expected of it."
    if verdict.state is PaymentState.SETTLED:
        return "A person settled what disagreed; nothing is missing."
    where = "the application's rows" if payment.case.books.external else "the ledger"
    return f"Everything that Stripe tells is in {where}."


def _waiting(session: SessionFacts) -> Missing:
    if session.status == "expired":
        return Missing("the payment", "nobody paid before the session expired", "", session.created, fault=False)
    if session.status == "complete":
        why = f"the bank has not confirmed it yet; {ASYNC_PAYMENT_SUCCEEDED_TYPE} will come with the money"
        return Missing("the money", why, "", session.created, fault=False)
    command = f"creditctl events trigger {SESSION_COMPLETED_TYPE} --session {session.id}"
    why = "the buyer has not finished the Checkout page"
    return Missing("the payment", why, "" if session.livemode else command, session.created, fault=False)


def _undecided(payment: TracedPayment, verdict: Verdict) -> Missing:
    """A person has to decide; the finding in the ledger has the command, reconciliation keeps one."""
    stored = _open_finding(payment, _paid_at(payment))
    if stored is not None:
        return stored
    return Missing("a decision", _message(verdict), _RECONCILE, _paid_at(payment))


def _open_finding(payment: TracedPayment, at: int) -> Missing | None:
    stored = next((each for each in payment.findings if each.status is FindingStatus.OPEN), None)
    if stored is None:
        return None
    fix = stored.finding.fix
    # One command stands alone; a choice between several is a sentence, in which each keeps its marks.
    command = fix.strip("`") if fix.count("`") == len("``") and fix[0] == fix[-1] == "`" else fix
    return Missing("a decision", stored.finding.message, command, max(at, stored.recorded))


def _wrong(payment: TracedPayment, verdict: Verdict) -> Missing:
    at = payment.case.entries[0].recorded if payment.case.entries else _paid_at(payment)
    if payment.case.sold is None and payment.case.intent is None:
        keeper = payment.case.books.keeper
        why = f"{keeper} holds entries of {payment.key}, which Stripe does not know in this account and mode"
        return Missing("the payment on Stripe", why, _RECONCILE, at)
    return Missing("agreement", _message(verdict), _RECONCILE, at)


def _by_hand(payment: TracedPayment, verdict: Verdict) -> Missing:
    """What no webhook and no repair brings: an application credited the payment in a way of its own."""
    at = max([_paid_at(payment), *(fact.created for fact in payment.case.facts)])
    return Missing("a correction", _message(verdict), _RECONCILE, at)


def _late(payment: TracedPayment, verdict: Verdict) -> Missing:
    """Why entries that are due are not there: from the last thing that can be seen backwards to the first."""
    draft = verdict.drafts[0]
    uncredited = draft.kind is EntryKind.PURCHASE
    event = _event_of(payment, draft)
    missing = _uncredited(payment, draft, event) if uncredited else _unreturned(payment, verdict, draft, event)
    if verdict.state is PaymentState.IN_FLIGHT and (event is None or EventView(event).pending != 0):
        # Where Stripe has no delivery left to make, nothing is on its way, however young the payment is.
        why = "it is younger than the grace period, and the webhook may still be on its way"
        return replace(missing, why=why, command="", fault=False)
    return missing


def _event_of(payment: TracedPayment, draft: EntryDraft) -> EventRecord | None:
    """The latest event that would lead to an entry, of the types at which whoever keeps the entries books it."""
    fact = next((each for each in payment.case.facts if each.object_id == draft.object_id), None)
    if payment.case.books.external and (fact is not None or draft.kind is EntryKind.PURCHASE):
        found = chosen(draft.kind, payment.events, {payment.key, *payment.case.names}, fact)
        return found[-1] if found else None
    for record in reversed(payment.events):
        if record.type in PAID_TYPES if draft.kind is EntryKind.PURCHASE else record.object_id == draft.object_id:
            return record
    return None


def _uncredited(payment: TracedPayment, draft: EntryDraft, event: EventRecord | None) -> Missing:
    """Why a paid session has no entry."""
    at = _paid_at(payment) if event is None else event.created
    decision = _open_finding(payment, at)
    if decision is not None:
        return decision
    rival = payment.rivals.get(draft.credits)
    if rival is not None:
        return _perhaps_booked(payment, rival, at)
    if event is None:
        which = "no event of this payment" if not payment.events else "none of its events that brings credits"
        why = f"{which} can be seen; Stripe lists thirty days, the archive what was kept"
        return Missing("the event", why, _mending(payment), at)
    return _undelivered(payment, event)


def _perhaps_booked(payment: TracedPayment, rival: CreditEntry, at: int) -> Missing:
    """Nothing brings the credits before all payments were looked at: they may stand under a name of their own."""
    given = f"{payment.case.books.named(rival)} gave user {rival.user_id} as many for {rival.payment_key}"
    why = f"{given}, which is no name of Stripe's and may be this payment; reconcile looks at all of them"
    return Missing("the credits", why, _RECONCILE, at)


def _mending(payment: TracedPayment) -> str:
    """The command that brings what is missing: ours posts it; an application gets its event again by the rules of a
    repair, and what none brings it has to book itself.
    """
    return f"{_RECONCILE} --repair --todo todo.csv" if payment.case.books.external else f"{_RECONCILE} --repair"


def _unreturned(payment: TracedPayment, verdict: Verdict, draft: EntryDraft, event: EventRecord | None) -> Missing:
    """Why a refund or dispute has not taken, or given back, its credits."""
    way = "taken back" if draft.credits < 0 else "given back"
    what = f"{abs(draft.credits):,} credits to be {way} for {draft.object_id}"
    at = max([draft.created, *(entry.recorded for entry in payment.case.entries)])
    if verdict.state is PaymentState.MISSING and verdict.repair is None:
        return Missing(what, _message(verdict), _RECONCILE, at)
    if event is None:
        return Missing(what, "no event of it can be seen", _mending(payment), at)
    return replace(_undelivered(payment, event), what=what)


def _undelivered(payment: TracedPayment, event: EventRecord) -> Missing:
    """What stands between an event and its entry."""
    replay = f"creditctl events replay {event.id}"
    deliveries = payment.deliveries_of(event.id)
    if payment.case.books.external:
        pending = EventView(event).pending
        waits = "an endpoint has" if pending == 1 else f"{pending or 'some'} endpoints have"
        sent = _NOTHING_PENDING if pending == 0 else f"{waits} not accepted it yet"
        why = f"{payment.case.books.nothing_there}; {sent}"
        # Stripe counts a delivery as pending after it gave up, too: the repair knows how long it waits for one.
        return Missing("the row", why, _mending(payment), event.created)
    if not deliveries:
        command = f"`{_PROBE}` names the cause; once that is mended, `{replay}`" if _wrong_secret(payment) else replay
        return Missing(f"the delivery of {event.id}", _why_not_delivered(payment), command, event.created)
    last = deliveries[-1]
    if last.outcome in _TOOK:
        why = f"the delivery says {last.outcome}, but no such entry can be found"
        return Missing("the entry", why, "creditctl ledger verify", last.received)
    reason = f" ({last.reason})" if last.reason else ""
    why = f"the last of {len(deliveries)} deliveries ended in {last.outcome}{reason}"
    return Missing("the entry", why, replay, last.received)


def _wrong_secret(payment: TracedPayment) -> bool:
    """Whether it looks as if deliveries were refused for their signature: then a replay hides why, until the next."""
    return bool(payment.rejected or payment.unproven)


def _why_not_delivered(payment: TracedPayment) -> str:
    if payment.rejected:
        return (
            f"our webhook logged none, but rejected {payment.rejected} deliveries with a bad signature at that time: "
            "STRIPE_WEBHOOK_SECRET is probably not the endpoint's"
        )
    if payment.unproven:
        return (
            "our webhook logged none: the backend could not be reached, or it refused the signature, for the secret of "
            f"{payment.unproven[0]} is unproven (`creditctl webhooks probe`)"
        )
    return "our webhook logged none: no endpoint took this type then, or the backend could not be reached"


def _paid_at(payment: TracedPayment) -> int:
    """When the payment came about, as far as Stripe says it."""
    case = payment.case
    if case.sold is not None:
        return case.sold.session.created
    return 0 if case.intent is None else case.intent.paid


def _message(verdict: Verdict) -> str:
    return verdict.found[0].finding.message.rstrip(".")
