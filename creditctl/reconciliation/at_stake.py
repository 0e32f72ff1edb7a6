"""What is at stake in a finding: how many credits, and how much money, are not where they belong. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from creditctl.core.entitlement.decision import Disagrees, Grants
from creditctl.core.findings import Severity
from creditctl.payments.case import PaymentCase
from creditctl.payments.finding_codes import ClassifiedFinding
from creditctl.payments.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Stake:
    """Credits and money at stake. Units: neither is negative; `amount` in minor units of `currency`."""

    credits: int = 0
    amount: int = 0
    currency: str | None = None

    def as_dict(self) -> dict[str, object]:
        """The stake as a JSON document shows it."""
        return {"credits": self.credits, "amount": self.amount, "currency": self.currency}


NOTHING = Stake()


def stake_of(found: ClassifiedFinding, case: PaymentCase, verdict: Verdict) -> Stake:
    """What a finding about a payment puts at stake.

    Shape: the entries still to come about its refund or dispute, else all that are; where none is, what the payment is
           worth against what was given, and where both agree, that all of it may be with the wrong user.
    """
    if found.finding.severity is Severity.INFO:
        return NOTHING
    own = [draft for draft in verdict.drafts if draft.object_id == found.finding.subject]
    drafts = own or verdict.drafts
    amount, currency = _money(case)
    if drafts:
        money = abs(sum(draft.amount for draft in drafts))
        return Stake(abs(sum(draft.credits for draft in drafts)), money, drafts[0].currency or currency)
    given = sum(case.granted.values())
    return Stake(abs(given - _worth(verdict)) or abs(given), amount, currency)


def _worth(verdict: Verdict) -> int:
    decision = verdict.decision
    if isinstance(decision, Grants):
        return decision.purchase.credits
    return (decision.proposal.credits or 0) if isinstance(decision, Disagrees) else 0


def _money(case: PaymentCase) -> tuple[int, str | None]:
    """What was paid, as Stripe says, else as the entries do."""
    if case.intent is not None:
        return case.intent.amount_received, case.intent.currency
    if case.sold is not None:
        return case.sold.session.amount_total, case.sold.session.currency
    entries = [entry for entry in case.purchases if entry.currency is not None]
    return sum(abs(entry.amount) for entry in entries), entries[0].currency if entries else None


def total_stake(stakes: Iterable[tuple[str, Stake]]) -> tuple[int, dict[str, int]]:
    """What is at stake in all, credits and money by currency.

    Shape: pairs of payment and stake; of several findings about one payment the greatest counts, not their sum.
    """
    credits: Counter[str] = Counter()
    money: dict[tuple[str, str], int] = {}
    for payment, stake in stakes:
        credits[payment] = max(credits[payment], stake.credits)
        if stake.currency is not None and stake.amount:
            key = (stake.currency, payment)
            money[key] = max(money.get(key, 0), stake.amount)
    by_currency: Counter[str] = Counter()
    for (currency, _), amount in money.items():
        by_currency[currency] += amount
    return credits.total(), dict(sorted(by_currency.items()))
