"""Stored worth: what a payment is worth, as probes compare it with entries; proven by the judgement itself. Pure.

The entries that would be right are made up from what Stripe says, and judged. Where nothing stands against them, a
payment that has just these needs no judgement, whenever it is looked at; any other is looked at every time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from creditctl.core.entitlement.decision import Decision, Disagrees, Grants, Proposal
from creditctl.core.entitlement.facts import Fact
from creditctl.core.entitlement.settlement import EntryDraft, Purchase, settlement
from creditctl.ledger.matching.worth import Worth
from creditctl.ledger.refund_position import position_of
from creditctl.payments.case import PaymentCase
from creditctl.payments.facts import PaymentFacts
from creditctl.payments.judgement.credit import worth_of_case
from creditctl.payments.judgement.judge import judge
from creditctl.payments.judgement.together import paid_once, sold_by
from creditctl.payments.proving.expected_entries import with_entries
from creditctl.payments.verdict import JudgementContext, PaymentState

_LATE = 253_402_300_000
"""A moment after all others, in which no webhook is on its way any more. Units: Unix seconds, in the year 9999."""

_MOST = 1 << 40
"""Numbers beyond it are judged, not compared: a multiple of them would not fit into a BIGINT."""

_NOTHING_DUE = frozenset((PaymentState.WAITING, PaymentState.NOT_OURS))


def stored_worth(stripe: PaymentFacts, known: Mapping[str, Fact], context: JudgementContext) -> Worth:
    """The worth of one payment. Shape: `known` as PaymentCase has it."""
    bare = PaymentCase.of(stripe, (), known, context.keeper)
    decision = worth_of_case(bare, context.catalog)
    drafts = tuple(_due(decision, bare))
    case = with_entries(bare, stripe, drafts, known, context)
    worth = _row(case, decision, drafts)
    if _stands(case, drafts, context) and all(abs(each) < _MOST for each in worth if isinstance(each, int)):
        return worth
    return _looked_at(worth)


def unhurried(context: JudgementContext) -> JudgementContext:
    """The context of a payment that is looked at when nothing is on its way any more, and nobody has said anything.

    Shape: whoever asks for the worth of many payments makes it once.
    """
    return replace(context, now=_LATE, started=_LATE + 1, grace_seconds=0, settled={}, unexplained={}, warned={})


def _due(decision: Decision | None, case: PaymentCase) -> Iterator[EntryDraft]:
    """The entries that are right: the purchase, and what refunds and disputes took back of it."""
    if isinstance(decision, Grants):
        yield decision.purchase.draft()
        yield from settlement(position_of(decision.purchase, ()), case.facts)


def _stands(case: PaymentCase, drafts: Sequence[EntryDraft], context: JudgementContext) -> bool:
    """Whether nothing is to be said of the payment with these entries, now or later."""
    if case.books.external and case.facts:
        return False  # how an application books what went back is its own; that takes a judgement
    if drafts and drafts[0].payment_key != case.key:
        return False
    verdict = judge(case, context if context.now == _LATE else unhurried(context))
    quiet = not (verdict.found or verdict.drafts or verdict.repair)
    return quiet and (verdict.state is PaymentState.CREDITED if drafts else verdict.state in _NOTHING_DUE)


def _row(case: PaymentCase, decision: Decision | None, drafts: Sequence[EntryDraft]) -> Worth:
    opened, paid = opened_and_paid(case)
    sold = _sold(decision)
    back = drafts[1:]
    return Worth(
        payment=case.key,
        session_id=case.session_id,
        look=0,
        user_id=None if sold is None else sold.user_id,
        credits=0 if sold is None else sold.credits or 0,
        amount=0 if sold is None else sold.amount,
        total=case.paid_in_all,
        currency=None if sold is None else sold.currency,
        package=None if sold is None else sold.package,
        opened=opened,
        paid=paid,
        facts=len(case.facts),
        taken=-sum(draft.credits for draft in back),
        returned=-sum(draft.amount for draft in back),
        bought=paid_once(case) if sold_by(decision) is not None else None,
    )


def opened_and_paid(payment: PaymentFacts | PaymentCase) -> tuple[int, int]:
    """When a payment was begun, and the latest that it says of when it was paid. Units: Unix seconds, 0 for unsaid."""
    opened = 0 if payment.sold is None else payment.sold.session.created
    return opened, opened if payment.intent is None else max(opened, payment.intent.paid)


def _sold(decision: Decision | None) -> Purchase | Proposal | None:
    """What was sold, for certain or as a person may decide."""
    if isinstance(decision, Grants):
        return decision.purchase
    return decision.proposal if isinstance(decision, Disagrees) else None


def _looked_at(worth: Worth) -> Worth:
    """A payment that is judged every time: beyond that only its buyer and time are compared."""
    bought = worth.bought if worth.bought is None or abs(worth.bought) < _MOST else None
    return worth._replace(look=1, credits=0, amount=0, total=None, opened=0, paid=0, taken=0, returned=0, bought=bought)
