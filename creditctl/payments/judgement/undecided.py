"""Undecided payments: what a person has to decide, and what was given before anybody did. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from creditctl.core.entitlement.decision import Disagrees, Proposal
from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.settlement import Purchase
from creditctl.core.findings import Stake
from creditctl.core.money import format_amount
from creditctl.core.text import plural
from creditctl.ledger.models import FindingStatus
from creditctl.payments.case import PaymentCase
from creditctl.payments.finding_codes import DISMISSAL, ClassifiedFinding, for_person
from creditctl.payments.judgement.correcting_commands import steps_to
from creditctl.payments.verdict import JudgementContext, PaymentState, Verdict


def to_decide(case: PaymentCase, decision: Disagrees) -> Verdict:
    """Nothing was given yet: what a person has to decide, with a proposal."""
    finding, proposal = decision.finding, decision.proposal
    if case.books.external:
        finding = replace(finding, fix=_in_the_application(case, decision))
    stake = proposal.stake
    facts = () if case.books.external else case.facts
    found = ClassifiedFinding(replace(finding, stake=stake), case.key, proposal, lasting=True, facts=facts)
    return Verdict(PaymentState.UNDECIDED, (found,))


def as_purchase(case: PaymentCase, decision: Disagrees) -> Purchase:
    """What a person would credit by a proposal that names user and credits."""
    proposal, sold = decision.proposal, case.main
    return Purchase(
        user_id=proposal.user_id or "",
        credits=proposal.credits or 0,
        amount=proposal.amount,
        currency=proposal.currency,
        payment_key=case.key,
        session_id=sold.session_id,
        package=proposal.package,
        created=sold.created,
    )


def credited_by_person(case: PaymentCase, decision: Disagrees, context: JudgementContext) -> CreditEntry | None:
    """The entry by which a person settled what had to be decided; None where nobody did, or it is not of this payment.

    Shape: an application's rows are never credited by us, so that numbers of ours mean nothing among them.
    """
    stored = context.settled.get((decision.finding.code, decision.finding.subject))
    if stored is None or stored.status is not FindingStatus.CREDITED or case.books.external:
        return None
    return next((entry for entry in case.purchases if entry.id == stored.entry_id), None)


def with_credits(proposal: Proposal, credited: CreditEntry) -> Proposal:
    """A proposal as a person answered it."""
    return replace(proposal, user_id=credited.user_id, credits=credited.credits)


def given_undecided(
    case: PaymentCase, decision: Disagrees, held: Mapping[str, int], *, decided: bool = False
) -> ClassifiedFinding:
    """Credits that were given, or of which nothing is left, beside what a person decided or is proposed to.

    Shape: with `decided` the decision proposes what a person gave.
    """
    given = plural(sum(held.values()), "credit")
    why = "had decided otherwise" if decided else "should have decided"
    text = f"{given} were given although a person {why} ({decision.finding.code})"
    text = text if held else f"All was taken back that was given ({decision.finding.code})"
    fix, due, proposal = _TO_BE_DECIDED, proposed(decision), decision.proposal
    if due:
        worth_ = f"{format_amount(proposal.amount, proposal.currency)} are worth"
        text = f"{text}; {worth_} {plural(sum(due.values()), 'credit')} for user {proposal.user_id}"
        fix = ", ".join(steps_to(case, due))
    stake = Stake(sum(map(abs, held.values())), proposal.amount, proposal.currency)
    return for_person("undecided_credit", case.key, f"{text}.", fix, stake=stake)


def _in_the_application(case: PaymentCase, decision: Disagrees) -> str:
    """What is to be done where the application keeps the entries: no command of ours credits there."""
    due = proposed(decision)
    steps = ", ".join(case.books.booking(user, credits, case.key) for user, credits in due.items())
    return (
        f"{steps or 'Decide who is due how many credits, and book it in the application'}; or refund it and {DISMISSAL}"
    )


_TO_BE_DECIDED = "Find out who is due how many credits, and correct only the difference"
"""No ready command: what is right, the payment does not say."""


def proposed(decision: Disagrees) -> dict[str, int]:
    """Who is due how many credits by a proposal; empty where it leaves something open."""
    user, credits = decision.proposal.user_id, decision.proposal.credits
    return {} if user is None or credits is None else {user: credits}
