"""Clamped balances: what could not be taken back of a user who had nothing left. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.facts import Fact, has_let_go
from creditctl.core.entitlement.settlement import Purchase, credits_to_take, returned_amount
from creditctl.payments.case import PaymentCase
from creditctl.payments.verdict import JudgementContext


def could_not_be_taken(case: PaymentCase, purchase: Purchase, context: JudgementContext) -> int:
    """How many credits of a purchase refunds and disputes left, because the user had no more after what they took; or,
    where they took nothing, had none when they came.

    Shape: each by itself: what an earlier one emptied may have been bought again since, or given back.
    """
    return sum(
        due - taken
        for fact, due, entries in _followed(case, purchase)
        if (taken := -sum(entry.credits for entry in entries)) < due and _nothing_left(case, fact, entries, context)
    )


def _nothing_left(case: PaymentCase, fact: Fact, took: Sequence[CreditEntry], context: JudgementContext) -> bool:
    moments = () if took else (fact.created, fact.created + context.grace_seconds)
    return context.keeper.nothing_left((took or [case.main])[-1], moments)


def _followed(case: PaymentCase, purchase: Purchase) -> Iterator[tuple[Fact, int, list[CreditEntry]]]:
    """Each refund and dispute that holds money, with the credits that it takes, and the entries that took some between
    it and the next one."""
    holding = [fact for fact in case.facts if fact.counted and fact.currency == purchase.currency]
    holding.sort(key=lambda fact: (fact.created, fact.object_id))
    let_go = {fact.object_id for fact in case.facts if has_let_go(fact)}
    taking = [entry for entry in case.clawbacks if entry.credits < 0 and entry.object_id not in let_go]
    before = 0
    for place, fact in enumerate(holding):
        until = holding[place + 1].created if place + 1 < len(holding) else None
        took = [each for each in taking if (not place or each.created >= fact.created)]
        took = [each for each in took if until is None or each.created < until]
        returned = returned_amount(purchase.amount, holding[: place + 1], purchase.currency)
        due = credits_to_take(purchase.credits, purchase.amount, returned)
        yield fact, due - before, took
        before = due
