"""Webhook plan: from one event to the posting plan for it. Reads what the event leaves out, and writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.decision import Decision, Disagrees, Grants, NeedsLineItems, NeedsPrices, NotOurs, Waits
from creditctl.core.entitlement.facts import DisputeFact, Fact, MalformedFact, RefundFact, SessionFacts, text
from creditctl.core.entitlement.prices import LineItem
from creditctl.core.findings import Finding
from creditctl.core.stripe_ids import IdKind, id_kind
from creditctl.fulfilment import messages
from creditctl.fulfilment.event import Event
from creditctl.fulfilment.ports import StripeReads
from creditctl.payments.event_types import CHARGE_REFUNDED_TYPE, PAID_TYPES
from creditctl.payments.facts import SoldSession
from creditctl.payments.posting_plan import Origin, PlanOutcome, PostingPlan
from creditctl.payments.price_origins import PriceOrigins
from creditctl.payments.worth import worth


def plan(event: Event, stripe: StripeReads, catalog: Catalog, account: str, livemode: bool) -> PostingPlan:
    """What is to be written for an event.

    Errors: what the reads raise; nothing is written then.
    """
    stranger = _stranger(event, account, livemode)
    if stranger is not None:
        return _finds(event, stranger)
    try:
        return _plan_own(event, stripe, catalog)
    except MalformedFact as error:
        return _finds(event, messages.malformed(event, str(error)))


def with_charges(planned: PostingPlan, stripe: StripeReads) -> PostingPlan:
    """The plan with the names of its payment's charges, by which an application may have booked it. Errors: as plan."""
    key = planned.payment_key or ""
    # A session that has no payment intent was free, and has no charge either.
    bodies = stripe.charges(key) if id_kind(key) is IdKind.PAYMENT_INTENT else ()
    return replace(planned, charges=frozenset(text(body, "id") for body in bodies))


def _stranger(event: Event, account: str, livemode: bool) -> Finding | None:
    if event.modes != {livemode}:
        return messages.other_livemode(event, livemode)
    if event.account is not None and event.account != account:
        return messages.other_account(event, account)
    return None


def _plan_own(event: Event, stripe: StripeReads, catalog: Catalog) -> PostingPlan:
    if event.type in PAID_TYPES:
        return _plan_session(event, stripe, catalog)
    if event.type == CHARGE_REFUNDED_TYPE:
        named = event.object.get("payment_intent")
        payment = {} if named is None else {"payment_intent": named}
        listed = stripe.refunds(text(event.object, "id"))
        reported = [RefundFact.from_stripe({**refund, **payment}, event.created) for refund in listed]
        return _plan_facts(event, reported)
    if event.is_refund:
        return _plan_facts(event, [RefundFact.from_stripe(event.object, event.created)])
    if event.is_dispute:
        return _plan_facts(event, [DisputeFact.from_stripe(event.object, event.created, event.type)])
    return _nothing(PlanOutcome.IGNORED, f"{event.type} changes no credits")


def _plan_session(event: Event, stripe: StripeReads, catalog: Catalog) -> PostingPlan:
    session = SessionFacts.from_stripe(event.object, event.created)
    decision = worth(SoldSession(session), catalog)
    if isinstance(decision, NeedsLineItems):
        items = tuple(LineItem.from_stripe(item) for item in stripe.line_items(session.id))
        decision = worth(SoldSession(session, PriceOrigins(stripe, catalog).completed(items)), catalog)
    return _plan_decision(event, decision)


def _plan_decision(event: Event, decision: Decision) -> PostingPlan:
    match decision:
        case Grants(purchase):
            draft = replace(purchase, created=event.created).draft(source_event=event.id)
            return PostingPlan(
                Origin.EVENT,
                PlanOutcome.POSTED,
                payment_key=purchase.payment_key,
                entry=draft,
                source_event=event.id,
            )
        case Disagrees(finding, proposal):
            return replace(_finds(event, finding), payment_key=proposal.payment_key, proposal=proposal)
        case NotOurs(reason):
            return _nothing(PlanOutcome.NOT_OURS, reason)
        case Waits(reason):
            return _nothing(PlanOutcome.WAITING, reason)
        case NeedsLineItems() | NeedsPrices():
            raise AssertionError("with completed line items there is always an answer")


def _plan_facts(event: Event, reported: Sequence[Fact | None]) -> PostingPlan:
    """Refunds and disputes to keep; the difference that each makes to its purchase follows when it is recorded."""
    facts = tuple(fact for fact in reported if fact is not None)
    if not facts:
        return _nothing(PlanOutcome.NOT_OURS, "it belongs to no payment intent, so to no checkout session")
    return PostingPlan(
        Origin.EVENT, PlanOutcome.POSTED, payment_key=facts[0].payment_key, facts=facts, source_event=event.id
    )


def _finds(event: Event, finding: Finding) -> PostingPlan:
    return PostingPlan(
        Origin.EVENT, PlanOutcome.FINDING, finding=finding, source_event=event.id, reason=finding.message
    )


def _nothing(outcome: PlanOutcome, reason: str) -> PostingPlan:
    return PostingPlan(Origin.EVENT, outcome, reason=reason)
