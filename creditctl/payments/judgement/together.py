"""Judgement of what only several payments, or all entries of a user, say: balances, double payments. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from creditctl.core.entitlement.decision import Decision, Disagrees, Grants
from creditctl.core.entitlement.sale import CLOSE_SECONDS
from creditctl.core.findings import Stake
from creditctl.core.money import format_amount
from creditctl.core.text import plural
from creditctl.payments.case import PaymentCase
from creditctl.payments.entries import PaymentEntries
from creditctl.payments.finding_codes import ClassifiedFinding, classified, for_person, quoted
from creditctl.payments.judgement.judge import with_evidence
from creditctl.payments.verdict import JudgementContext, PaymentState, Verdict

MOST_NAMED = 20
"""How many users with less than nothing are named; of more the first stands for all."""

_UNSETTLED = frozenset((PaymentState.MISSING, PaymentState.IN_FLIGHT, PaymentState.UNDECIDED, PaymentState.WRONG))

Judged = Sequence[tuple[PaymentCase, Verdict]]


def found_together(judged: Judged, context: JudgementContext, entries: PaymentEntries) -> list[ClassifiedFinding]:
    """What was found beside single payments."""
    found = [*_double_payments(judged), *_warned(judged, context, entries), *_below_zero(judged, entries)]
    return list(context.still_open(found))


def _double_payments(judged: Judged) -> Iterator[ClassifiedFinding]:
    """Two payments of one user for one package within minutes: perhaps meant, perhaps a second click."""
    bought: dict[tuple[str, str | None, int], list[tuple[int, PaymentCase, Stake]]] = defaultdict(list)
    for case, verdict in judged:
        sold, paid = sold_by(verdict.decision), paid_once(case)
        if sold is not None and paid is not None:
            user, package, stake = sold
            bought[user, package, stake.credits].append((paid, case, stake))
    for (user, package, _credits), payments in bought.items():
        in_order = sorted(payments, key=lambda each: (each[0], each[1].key))
        for (before, first, _), (after, second, stake) in pairwise(in_order):
            if after - before < CLOSE_SECONDS:
                yield with_evidence(_paid_twice(user, package, (first, second), after - before, stake), second)


def paid_once(case: PaymentCase) -> int | None:
    """When a session was paid of which nothing went back; None else. Units: Unix seconds."""
    if case.sold is None or any(fact.counted for fact in case.facts):
        return None
    return case.sold.session.created if case.intent is None else case.intent.paid


def sold_by(decision: Decision | None) -> tuple[str, str | None, Stake] | None:
    """Who paid for what, where a payment says it and money was paid."""
    if not isinstance(decision, Grants | Disagrees):
        return None
    sold = decision.purchase if isinstance(decision, Grants) else decision.proposal
    if sold.user_id is None or not sold.amount:
        return None
    return sold.user_id, sold.package, Stake(sold.credits or 0, sold.amount, sold.currency)


def _paid_twice(
    user: str, package: str | None, pair: tuple[PaymentCase, PaymentCase], seconds: int, stake: Stake
) -> ClassifiedFinding:
    money = format_amount(stake.amount, stake.currency or "")
    what = f"package {package}" if package else plural(stake.credits, "credit")
    text = (
        f"User {user} paid {money} for {what} twice within {max(1, seconds // 60)} min: {pair[0].key} and "
        f"{pair[1].key}. Both count; perhaps the second was not meant."
    )
    fix = "Nothing has to be done; if the buyer says that it was a mistake, refund one of them"
    return classified("double_payment", pair[1].key, text, fix, payment_key=pair[1].key, stake=stake)


def _warned(judged: Judged, context: JudgementContext, entries: PaymentEntries) -> Iterator[ClassifiedFinding]:
    """Early fraud warnings about payments whose credits can still be kept from being spent.

    Source: Stripe documentation, "Early fraud warnings": most of these payments are disputed, unless refunded before.
    """
    for case, verdict in judged:
        warning = context.warned.get(case.key)
        held = sum(case.balance.values())
        if warning is None or verdict.state not in (PaymentState.CREDITED, PaymentState.SETTLED) or held <= 0:
            continue
        (user, *_), entry = case.balance, case.main if case.purchases else case.entries[0]
        left = sum(each.credits for each in entries.of_user(user))
        if left <= 0:
            continue
        money = format_amount(entry.amount, entry.currency or "usd")
        text = (
            f"The issuer of the card warns of fraud ({warning.id}) about a payment of {money} for "
            f"{plural(held, 'credit')}; user {user} still has {left:,}."
        )
        fix = "Look at the payment in the Dashboard; refunding it now takes its credits back and avoids a dispute"
        stake = Stake(min(held, left), entry.amount, entry.currency)
        found = classified("fraud_warning", warning.id, text, fix, payment_key=case.key, stake=stake)
        yield with_evidence(found, case)


def _below_zero(judged: Judged, entries: PaymentEntries) -> Iterator[ClassifiedFinding]:
    """Users who have less than nothing, but for those whose payments have a finding that explains it."""
    explained = {entry.user_id for case, verdict in judged if verdict.state in _UNSETTLED for entry in case.entries}
    negative = [each for each in entries.negative_balances() if each.user_id not in explained]
    if len(negative) > MOST_NAMED:
        first, least = negative[0], sum(each.credits for each in negative)
        text = f"{len(negative)} users or more have less than no credits; user {first.user_id} has {first.credits:,}."
        fix = "If users may spend before they pay, that is as it should be; else look whether entries are missing"
        yield for_person("negative_balance", None, text, fix, subject="balances", stake=Stake(-least))
        return
    for each in negative:
        text = f"User {each.user_id} has {each.credits:,} credits: more were taken back or spent than were given."
        fix = (
            f"`creditctl ledger history --user {quoted(each.user_id)}` shows why: credits that were spent before a "
            "refund or dispute took them, or an entry that took too much, which has a finding of its own"
        )
        yield for_person(
            "negative_balance", None, text, fix, subject=f"user {each.user_id}", stake=Stake(-each.credits)
        )
