"""Judgement of a payment that an application credited by corrections with its key, not by a purchase. Pure."""

from __future__ import annotations

from creditctl.core.entitlement.facts import Fact
from creditctl.core.entitlement.settlement import Purchase, credits_left
from creditctl.core.findings import Direction, Stake
from creditctl.core.text import plural
from creditctl.payments.case import PaymentCase
from creditctl.payments.finding_codes import ClassifiedFinding, for_person, in_flight
from creditctl.payments.verdict import JudgementContext, PaymentState, Verdict


def judge_adjusted(case: PaymentCase, purchase: Purchase, context: JudgementContext) -> Verdict:
    """Whether the buyer holds what refunds and disputes have left of the credits; more than all is not held against
    a correction, which may have been given for another reason too."""
    user, due = purchase.user_id, purchase.credits
    held, left = case.balance.get(user, 0), credits_left(due, purchase.amount, purchase.currency, case.facts)
    if held < left:
        text = f"For this payment user {user} is due {plural(left, 'credit')} and has {held:,}."
        fix = case.books.booking(user, left - held, case.key)
        found = for_person("wrong_amount", case.key, text, fix, stake=Stake(left - held, direction=Direction.UNDER))
        return Verdict(PaymentState.WRONG, (found,))
    if held == left or left == due:
        return Verdict(PaymentState.CREDITED)
    returns = [fact for fact in case.facts if fact.counted]
    if any(context.within_grace(fact.created) for fact in returns):
        text = "A refund or dispute is newer than the ledger; it may still be on its way."
        waits = in_flight(case.key, text)
        return Verdict(PaymentState.IN_FLIGHT, (waits,))
    return Verdict(PaymentState.MISSING, (_not_taken(case, user, min(held, due) - left, returns[-1]),))


def _not_taken(case: PaymentCase, user: str, surplus: int, last: Fact) -> ClassifiedFinding:
    """Nothing posts this by itself: a webhook settles purchases, and there is none."""
    name = "refund_not_taken" if last.kind == "refund" else "dispute_not_held"
    text = (
        f"User {user} was credited for the payment by corrections, and after {last.kind} {last.object_id} still has "
        f"{plural(surplus, 'credit')} too many."
    )
    fix, stake = case.books.booking(user, -surplus, case.key), Stake(surplus, last.counted, last.currency)
    return for_person(name, case.key, text, fix, subject=last.object_id, stake=stake)
