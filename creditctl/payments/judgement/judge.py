"""Judge: from one payment case to its verdict. Pure: the same payment gives the same answer to whoever asks."""

from __future__ import annotations

from dataclasses import replace

from creditctl.core.entitlement.decision import Decision, Disagrees, Grants
from creditctl.core.entitlement.settlement import Purchase
from creditctl.payments.case import PaymentCase
from creditctl.payments.facts import Unreadable
from creditctl.payments.finding_codes import PREFIX, REPAIRABLE, ClassifiedFinding, classified
from creditctl.payments.judgement.clawback import judge_clawback
from creditctl.payments.judgement.credit import judge_credit
from creditctl.payments.judgement.undecided import as_purchase, proposed
from creditctl.payments.verdict import JudgementContext, PaymentState, Verdict


def judge(case: PaymentCase, context: JudgementContext) -> Verdict:
    """How one payment stands: its credits first, then, where those stand, its refunds and disputes.

    Shape: what a person dismissed is not found again.
    """
    if case.unreadable:
        return Verdict(PaymentState.UNREADABLE, tuple(map(unreadable_finding, case.unreadable)))
    verdict = _judged(case, context)
    return replace(verdict, found=tuple(with_evidence(found, case) for found in verdict.found))


def with_evidence(found: ClassifiedFinding, case: PaymentCase) -> ClassifiedFinding:
    """A finding with the names of what proves it: Stripe's objects and the entries of its payment."""
    return replace(found, finding=replace(found.finding, evidence=case.evidence))


def _judged(case: PaymentCase, context: JudgementContext) -> Verdict:
    """The credits first, then, where those stand, refunds and disputes; what a person dismissed is left out."""
    credit = judge_credit(case, context)
    if not (credit.stands and case.purchases):
        return _without_dismissed(credit.verdict, context)
    decision = credit.verdict.decision
    clawback = judge_clawback(case, context, _sold(case, decision))
    both = replace(clawback, found=(*credit.verdict.found, *clawback.found), decision=credit.verdict.decision)
    worse = credit.verdict.state if credit.verdict.state is not PaymentState.CREDITED else clawback.state
    return _without_dismissed(replace(both, state=worse), context)


def _sold(case: PaymentCase, decision: Decision | None) -> Purchase | None:
    """What a payment sold, as Stripe says it or a person would decide; None where nobody can say."""
    if isinstance(decision, Grants):
        return decision.purchase
    return as_purchase(case, decision) if isinstance(decision, Disagrees) and proposed(decision) else None


def unreadable_finding(each: Unreadable) -> ClassifiedFinding:
    """The finding about an object that could not be understood."""
    return classified(
        "unreadable_object",
        each.id,
        f"Stripe's answer to {each.path} could not be understood: {each.reason}.",
        "Please report it: this version of creditctl does not know such an object",
    )


def _without_dismissed(verdict: Verdict, context: JudgementContext) -> Verdict:
    """The verdict without what a person dismissed. Shape: what was dismissed in part or whole, nothing repairs."""
    left = tuple(context.still_open(verdict.found))
    if verdict.found and not left:
        return replace(verdict, found=(), repair=None, drafts=(), state=PaymentState.SETTLED)
    repair = None if any(_is_decided(found, context) for found in verdict.found) else verdict.repair
    return replace(verdict, found=left, repair=repair)


def _is_decided(found: ClassifiedFinding, context: JudgementContext) -> bool:
    """Whether a repair would settle what a person dismissed, now or when it was worth less."""
    if context.dismissed_before(found) is not None:
        return True
    return context.dismissed(found) and found.finding.code.removeprefix(PREFIX) in REPAIRABLE
