"""What is done about an event: first everything that has to be read, then an act within one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.decision import (
    Decision,
    Disagrees,
    Grants,
    NeedsLineItems,
    NotOurs,
    Proposal,
    Waits,
    decide,
)
from creditctl.core.entitlement.facts import DisputeFact, Fact, LineItem, MalformedFact, RefundFact, SessionFacts, text
from creditctl.core.entitlement.settlement import Purchase
from creditctl.core.errors import UsageError
from creditctl.core.findings import Finding
from creditctl.fulfilment import messages
from creditctl.fulfilment.event import Event
from creditctl.fulfilment.ports import StripeReads
from creditctl.ledger.models import Entry, Outcome
from creditctl.ledger.transaction import LedgerTransaction
from creditctl.payments.event_types import CHARGE_REFUNDED_TYPE, PAID_TYPES


@dataclass(frozen=True, slots=True)
class Handled:
    """What came of an event: the outcome of its delivery, the first entry concerned, lines for the log."""

    outcome: str
    message: str
    entry_id: int | None = None
    log: tuple[str, ...] = ()


Act = Callable[[LedgerTransaction], Handled]
"""What is to be written for an event, all in the transaction that it is given."""


def plan(event: Event, stripe: StripeReads, catalog: Catalog, account: str, livemode: bool) -> Act:
    """Reads what the event leaves out and gives the act that writes its consequences.

    Errors: what the reads raise; nothing is written then.
    """
    stranger = _stranger(event, account, livemode)
    if stranger is not None:
        return _finds(event, stranger)
    try:
        return _plan_own(event, stripe, catalog)
    except MalformedFact as error:
        return _finds(event, messages.malformed(event, str(error)))


def _stranger(event: Event, account: str, livemode: bool) -> Finding | None:
    if event.modes != {livemode}:
        return messages.other_livemode(event, livemode)
    if event.account is not None and event.account != account:
        return messages.other_account(event, account)
    return None


def _plan_own(event: Event, stripe: StripeReads, catalog: Catalog) -> Act:
    if event.type in PAID_TYPES:
        return _plan_session(event, stripe, catalog)
    if event.type == CHARGE_REFUNDED_TYPE:
        charge_id = text(event.object, "id")
        told = [RefundFact.from_stripe(refund, event.created) for refund in stripe.refunds(charge_id)]
        return _plan_facts(event, told)
    if event.is_refund:
        return _plan_facts(event, [RefundFact.from_stripe(event.object, event.created)])
    if event.is_dispute:
        return _plan_facts(event, [DisputeFact.from_stripe(event.object, event.created, event.type)])
    return _answers(Handled("ignored", f"{event.type} changes no credits"))


def _answers(handled: Handled) -> Act:
    return lambda _tx: handled


def _finds(event: Event, finding: Finding, *, payment_key: str | None = None, proposal: Proposal | None = None) -> Act:
    """Keeps a finding instead of doing anything."""

    def act(tx: LedgerTransaction) -> Handled:
        number = tx.add_finding(finding, payment_key=payment_key, source_event=event.id, proposal=proposal)
        return Handled("finding", finding.message, log=(messages.found(finding, number),))

    return act


def _plan_session(event: Event, stripe: StripeReads, catalog: Catalog) -> Act:
    session = SessionFacts.from_stripe(event.object)
    decision = decide(session, catalog)
    if isinstance(decision, NeedsLineItems):
        items = [LineItem.from_stripe(item) for item in stripe.line_items(session.id)]
        decision = decide(session, catalog, items)
    return _act_on(event, decision)


def _act_on(event: Event, decision: Decision) -> Act:
    match decision:
        case Grants(purchase):
            return _grants(event, replace(purchase, created=event.created))
        case Disagrees(finding, proposal):
            return _finds_uncredited(event, finding, proposal)
        case NotOurs(reason):
            return _answers(Handled("not_ours", reason, log=(f"Not a purchase of credits: {reason}",)))
        case Waits(reason):
            return _answers(Handled("waiting", reason, log=(f"Waiting for the money: {reason}",)))
        case NeedsLineItems():
            raise AssertionError("with line items there is always an answer")


def _finds_uncredited(event: Event, finding: Finding, proposal: Proposal) -> Act:
    """Keeps the finding, unless the payment was credited meanwhile by a person or a repair."""

    def act(tx: LedgerTransaction) -> Handled:
        known = tx.purchase_of(proposal.payment_key)
        if known is not None:
            return Handled("exists", f"entry {known.id} credits this payment", known.id)
        return _finds(event, finding, payment_key=proposal.payment_key, proposal=proposal)(tx)

    return act


def _grants(event: Event, purchase: Purchase) -> Act:
    """Posts a purchase, then what refunds and disputes that came before it take back."""

    def act(tx: LedgerTransaction) -> Handled:
        posting = tx.post(purchase.draft(source_event=event.id))
        if posting.outcome is Outcome.CONFLICT:
            finding = messages.conflict(purchase, posting.entry)
            found = _finds(event, finding, payment_key=purchase.payment_key)(tx)
            return replace(found, outcome="conflict", entry_id=posting.entry.id)
        settled = tx.settle(posting.entry.payment_key or purchase.payment_key, source_event=event.id)
        if posting.outcome is Outcome.EXISTS and not settled:
            line = messages.known(posting.entry)
            return Handled("exists", line, posting.entry.id, (line,))
        written = (posting.entry, *settled) if posting.outcome is Outcome.POSTED else settled
        return _posted(written)

    return act


def _plan_facts(event: Event, told: Sequence[Fact | None]) -> Act:
    """Keeps refunds and disputes, and posts the difference that each makes to its purchase."""
    facts = [fact for fact in told if fact is not None]
    if not facts:
        return _answers(Handled("not_ours", "it belongs to no payment intent, so to no checkout session"))

    def act(tx: LedgerTransaction) -> Handled:
        written: list[Entry] = []
        for fact in facts:
            try:
                tx.keep_fact(fact, source_event=event.id)
            except UsageError as error:
                finding = messages.other_fact(fact, error.message)
                return _finds(event, finding, payment_key=fact.payment_key)(tx)
            written += tx.settle(fact.payment_key, source_event=event.id, cause=fact.object_id)
        return _posted(written) if written else _nothing_to_post(tx, facts[0])

    return act


def _posted(written: Sequence[Entry]) -> Handled:
    lines = tuple(messages.written(entry) for entry in written)
    return Handled("posted", lines[0], written[0].id, lines)


def _nothing_to_post(tx: LedgerTransaction, fact: Fact) -> Handled:
    purchase = tx.purchase_of(fact.payment_key)
    if purchase is None:
        line = messages.kept(fact)
        return Handled("fact", line, log=(line,))
    line = messages.unchanged(fact, purchase)
    return Handled("exists", line, purchase.id, (line,))
