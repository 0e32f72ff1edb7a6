"""Credit judgement: who should hold how many credits of one payment, and who does. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.decision import Decision, Disagrees, Grants, NotOurs, Waits, decide, limited_to
from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.settlement import EntryKind, Purchase, settlement
from creditctl.core.findings import Severity
from creditctl.core.money import format_amount
from creditctl.core.text import plural
from creditctl.core.when import iso_time
from creditctl.ledger.models import FindingStatus
from creditctl.ledger.refund_position import position_of
from creditctl.payments.case import PaymentCase
from creditctl.payments.facts import SoldSession
from creditctl.payments.finding_codes import ClassifiedFinding, classified, correction, for_person, quoted
from creditctl.payments.judge_adjusted import judge_adjusted
from creditctl.payments.repair import NOTE, Repair
from creditctl.payments.verdict import JudgementContext, PaymentState, Verdict


@dataclass(frozen=True, slots=True)
class CreditJudgement:
    """The verdict about the credits alone. Shape: with `stands` the purchase is rightly there, and its refunds and
    disputes can be judged against it."""

    verdict: Verdict
    stands: bool = False


def worth(sold: SoldSession, catalog: Catalog) -> Decision:
    """What a checkout session is worth; NeedsLineItems where only its line items can say it and are not there."""
    return decide(sold.session, catalog, sold.items)


def judge_credit(case: PaymentCase, context: JudgementContext) -> CreditJudgement:
    """What stands against the credits given for a payment."""
    decision = _worth_of(case, context.catalog)
    mixed = _mode_mix(case, context)
    if mixed is not None:
        return CreditJudgement(Verdict(PaymentState.WRONG, (mixed,), decision=decision))
    if isinstance(decision, Grants):
        judgement = _granted(case, decision.purchase, context)
    elif isinstance(decision, Disagrees):
        judgement = _undecided(case, decision, context)
    else:
        judgement = CreditJudgement(_nothing_due(case, decision, context))
    return replace(judgement, verdict=replace(judgement.verdict, decision=decision))


def _worth_of(case: PaymentCase, catalog: Catalog) -> Decision | None:
    """What the session of a payment is worth by what was captured; None where it has none."""
    if case.sold is None:
        return None
    decision, intent = worth(case.sold, catalog), case.intent
    if intent is None or intent.status != "succeeded":
        return decision
    return limited_to(decision, intent.amount_received, intent.currency)


def _mode_mix(case: PaymentCase, context: JudgementContext) -> ClassifiedFinding | None:
    """Test and live data in one place, told by `livemode` or by the name of a session."""
    foreign = "cs_test_" if context.livemode else "cs_live_"
    strangers = [entry.id for entry in case.entries if entry.livemode != context.livemode or _named(entry, foreign)]
    read = case.sold is not None and case.sold.session.livemode != context.livemode
    if not strangers and not read:
        return None
    here, there = ("live", "test") if context.livemode else ("test", "live")
    what = f"entry {strangers[0]} is" if strangers else "its session is"
    fix = "Find out who wrote it" if strangers else "Check STRIPE_SECRET_KEY and STRIPE_API_BASE"
    if strangers and case.balance:
        fix = _take_back(case)
    return for_person("mode_mix", case.key, f"In a {here} ledger, {what} about a {there} payment.", fix)


def _named(entry: CreditEntry, prefix: str) -> bool:
    return (entry.session_id or entry.payment_key or "").startswith(prefix)


def _granted(case: PaymentCase, purchase: Purchase, context: JudgementContext) -> CreditJudgement:
    if case.corrected.gives_nothing({purchase.user_id: purchase.credits}):
        return CreditJudgement(_missing(case, purchase, context))
    if not case.purchases:
        return CreditJudgement(judge_adjusted(case, purchase, context))
    found = (*_holders(case, purchase), *_differences(case.main, purchase))
    return CreditJudgement(Verdict(PaymentState.WRONG if found else PaymentState.CREDITED, found), stands=True)


def _missing(case: PaymentCase, purchase: Purchase, context: JudgementContext) -> Verdict:
    """Paid, and no entry: late, or lost."""
    paid = purchase.created if case.intent is None else max(purchase.created, case.intent.paid)
    purchase = replace(purchase, created=paid)
    drafts = (purchase.draft(note=NOTE), *settlement(position_of(purchase, case.entries), case.facts))
    money = format_amount(purchase.amount, purchase.currency)
    what = f"User {purchase.user_id} paid {money} for {plural(purchase.credits, 'credit')} at {iso_time(paid)}"
    rival = context.unexplained.get((purchase.user_id, purchase.credits))
    if context.within_grace(paid):
        found = _in_flight(case, f"{what}; the webhook may still be on its way.")
        return Verdict(PaymentState.IN_FLIGHT, (found,), drafts=() if rival is not None else drafts)
    if rival is not None:
        return Verdict(PaymentState.UNDECIDED, (_perhaps_credited(case, what, rival),))
    due = sum(draft.credits for draft in drafts)
    text = f"{what}, and the ledger has no entry." + ("" if due == purchase.credits else f" {due:,} of them are due.")
    found = classified(
        "missing_credit",
        case.key,
        text,
        payment_key=case.key,
        # All of it went back to the buyer: the books are wrong, but nobody lacks anything.
        severity=None if due else Severity.LOW,
    )
    repair = Repair(case.key, purchase, case.facts, drafts, case.names)
    return Verdict(PaymentState.MISSING, (found,), repair, drafts=drafts)


def _perhaps_credited(case: PaymentCase, what: str, rival: CreditEntry) -> ClassifiedFinding:
    """Missing by Stripe's names, but an entry that nothing explains gave the same user as much: a person decides."""
    text = (
        f"{what}, and the ledger has no entry under its name; but entry {rival.id} gave as many for "
        f"{rival.payment_key}, which Stripe does not know. Nothing is repaired while that is open."
    )
    fix = (
        f"Find out what entry {rival.id} is for (`creditctl ledger history --user {quoted(rival.user_id)}`). If it is "
        "for another payment, settle its own finding first, and the next run offers the repair. If it is for this one"
    )
    dismissal = "`creditctl ledger resolve {id} --dismiss --reason TEXT`, and likewise the finding about the entry"
    return classified("missing_credit", case.key, text, f"{fix}: {dismissal}", payment_key=case.key, lasting=True)


def _holders(case: PaymentCase, purchase: Purchase) -> Iterator[ClassifiedFinding]:
    """Whether the right user, and nobody else, holds the right number of credits."""
    due = purchase.credits
    granted = case.corrected.held({purchase.user_id: due})
    if granted == {purchase.user_id: due}:
        return
    fix = ", ".join(_steps(case, {purchase.user_id: due}))
    held = granted.pop(purchase.user_id, 0)
    owed = f"user {purchase.user_id} is due {plural(due, 'credit')}"
    if granted:
        others = ", ".join(f"user {user} {plural(credits, 'credit')}" for user, credits in sorted(granted.items()))
        text = f"The ledger gave {others} of this payment, but {owed} and has {held:,}."
        yield for_person("wrong_user", case.key, text, fix)
    elif held > due and len(case.purchases) > 1:
        text = f"The payment was credited {len(case.purchases)} times: {owed} and has {held:,}."
        yield for_person("duplicate_credit", case.key, text, fix)
    else:
        yield for_person("wrong_amount", case.key, f"For this payment {owed} and has {held:,}.", fix)


def _differences(entry: CreditEntry, purchase: Purchase) -> Iterator[ClassifiedFinding]:
    """What the entry says of the payment beside its credits. An import may not have known a currency or a package."""
    pairs = (
        ("currency", entry.currency, purchase.currency),
        ("amount", entry.amount, purchase.amount),
        ("package", entry.package, purchase.package),
    )
    for name, said, true in pairs:
        if said is not None and true is not None and said != true:
            text = f"Entry {entry.id} says {name} {said}, Stripe says {true}."
            fix = "What stands in the ledger cannot be changed: check the refunds of this payment by hand"
            yield for_person(f"{name}_mismatch", purchase.payment_key, text, fix)


def _undecided(case: PaymentCase, decision: Disagrees, context: JudgementContext) -> CreditJudgement:
    """Paid, but a person has to say what it is worth, or has said so."""
    finding = decision.finding
    status = context.settled.get((finding.code, finding.subject))
    if not case.granted:
        if status is not None and status is not FindingStatus.OPEN:
            return CreditJudgement(Verdict(PaymentState.SETTLED))
        found = ClassifiedFinding(finding, case.key, decision.proposal, lasting=True)
        return CreditJudgement(Verdict(PaymentState.UNDECIDED, (found,)))
    if status is FindingStatus.CREDITED or case.corrected.held(_proposed(decision)) == _proposed(decision):
        return CreditJudgement(Verdict(PaymentState.CREDITED), stands=True)
    given = plural(sum(case.granted.values()), "credit")
    text, fix = f"{given} were given although a person should have decided ({finding.code})", _TO_BE_DECIDED
    due, proposal = _proposed(decision), decision.proposal
    if due:
        worth_ = f"{format_amount(proposal.amount, proposal.currency)} are worth"
        text = f"{text}; {worth_} {plural(sum(due.values()), 'credit')} for user {proposal.user_id}"
        fix = ", ".join(_steps(case, due))
    undecided = for_person("undecided_credit", case.key, f"{text}.", fix)
    return CreditJudgement(Verdict(PaymentState.WRONG, (undecided,)), stands=True)


_TO_BE_DECIDED = "Find out who is due how many credits, and correct only the difference"
"""No ready command: what is right, the payment does not say."""


def _proposed(decision: Disagrees) -> dict[str, int]:
    """Who is due how many credits by a proposal; empty where it leaves something open."""
    user, credits = decision.proposal.user_id, decision.proposal.credits
    return {} if user is None or credits is None else {user: credits}


def _nothing_due(case: PaymentCase, decision: Decision | None, context: JudgementContext) -> Verdict:
    """Not paid, not ours, or not known to Stripe at all: then what users hold of it should come to nothing."""
    if not case.balance:
        return _nothing_given(case, decision, context)
    if case.recorded_after(context.started):
        text = "The ledger changed credits while Stripe was being read; the next run knows."
        return Verdict(PaymentState.IN_FLIGHT, (_in_flight(case, text),))
    name, why = _why_not(case, decision)
    given = sum(credits for credits in case.balance.values() if credits > 0)
    text = f"{plural(given, 'credit')} were given"
    if not given:
        name, user = "clawback_without_credit", next(iter(case.balance))
        text = f"{plural(-case.balance[user], 'credit')} were taken back of user {user}, who was given none for it"
    found = for_person(name, case.key, f"{text}, but {why}.", _take_back(case))
    return Verdict(PaymentState.WRONG, (found,))


def _nothing_given(case: PaymentCase, decision: Decision | None, context: JudgementContext) -> Verdict:
    if isinstance(decision, Waits):
        return Verdict(PaymentState.WAITING)
    if decision is not None:
        return Verdict(PaymentState.NOT_OURS)
    return _unattributed(case, context)


def _why_not(case: PaymentCase, decision: Decision | None) -> tuple[str, str]:
    if isinstance(decision, Waits):
        return "not_paid_credit", f"the session is not paid: {decision.reason}"
    if isinstance(decision, NotOurs):
        return "not_ours_credit", f"the payment is not for a package: {decision.reason}"
    if case.intent is None:
        return "orphan_credit", "Stripe knows no such payment in this account and mode"
    if case.intent.status != "succeeded":
        return "not_paid_credit", f"the payment intent is {case.intent.status}"
    return "not_ours_credit", "no checkout session of ours belongs to the payment"


def _unattributed(case: PaymentCase, context: JudgementContext) -> Verdict:
    """Money for us that no checkout session explains; anything that is not ours is nobody's business here."""
    intent = case.intent
    if intent is None or not intent.managed:
        return Verdict(PaymentState.NOT_OURS)
    if intent.status != "succeeded":
        return Verdict(PaymentState.WAITING)
    money = format_amount(intent.amount_received, intent.currency)
    if context.within_grace(intent.paid):
        young = f"{money} were paid for something of ours just now; a checkout session of it may still be on its way."
        return Verdict(PaymentState.IN_FLIGHT, (_in_flight(case, young),))
    text = f"{money} were paid for something of ours, but no checkout session belongs to the payment."
    fix = "Find the buyer, then `creditctl ledger adjust --user USER_ID --credits N --reason TEXT`, or refund it"
    return Verdict(PaymentState.UNDECIDED, (for_person("unattributed_payment", case.key, text, fix),))


def _in_flight(case: PaymentCase, text: str) -> ClassifiedFinding:
    return classified("in_flight", case.key, text, "Wait; `creditctl reconcile` again later", payment_key=case.key)


def _steps(case: PaymentCase, due: Mapping[str, int]) -> Iterator[str]:
    """The commands that lead from what users hold of a payment to what they are due: the differences, no more."""
    held = case.corrected.held(due)
    for user, credits in held.items():
        if user not in due:
            yield correction(user, -credits, _latest(case, user).id)
    for user, credits in due.items():
        missing = credits - held.get(user, 0)
        if missing:
            first = case.main if case.purchases and missing > 0 else _latest(case, user)
            yield correction(user, missing, first.id)


def _take_back(case: PaymentCase) -> str:
    """The commands after which nobody holds, or lacks, credits of a payment."""
    return ", ".join(correction(user, -credits, _latest(case, user).id) for user, credits in case.balance.items())


def _latest(case: PaymentCase, user_id: str) -> CreditEntry:
    """The newest purchase of a user, else the newest entry: the one to correct."""
    mine = [entry for entry in case.entries if entry.user_id == user_id]
    choices: tuple[Sequence[CreditEntry], ...] = (
        [entry for entry in mine if entry.kind is EntryKind.PURCHASE],
        case.purchases,
        mine,
        case.entries,
    )
    return next(choice for choice in choices if choice)[-1]
