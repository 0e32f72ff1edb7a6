"""Credit judgement: who should hold how many credits of one payment, and who does. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from math import ceil

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.decision import Decision, Disagrees, Grants, limited_to
from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.settlement import KeyScheme, Purchase
from creditctl.core.findings import Direction, Severity, Stake
from creditctl.core.money import format_amount
from creditctl.core.text import plural
from creditctl.core.when import iso_time
from creditctl.ledger.refund_position import position_of
from creditctl.payments.case import PaymentCase
from creditctl.payments.finding_codes import (
    DISMISSAL,
    PREFIX,
    ClassifiedFinding,
    classified,
    for_person,
    in_flight,
    quoted,
)
from creditctl.payments.judgement.adjusted import judge_adjusted
from creditctl.payments.judgement.correcting_commands import steps_to, take_back
from creditctl.payments.judgement.due_entries import due_entries
from creditctl.payments.judgement.holdings import dismissed_holdings, held_by_others, judge_holdings
from creditctl.payments.judgement.purchase_stake import purchase_stake
from creditctl.payments.judgement.undecided import (
    as_purchase,
    credited_by_person,
    given_undecided,
    proposed,
    to_decide,
    with_credits,
)
from creditctl.payments.judgement.unsold import judge_unsold
from creditctl.payments.repair import NOTE, Repair
from creditctl.payments.source.source_entry import fraction_given
from creditctl.payments.verdict import JudgementContext, PaymentState, Verdict
from creditctl.payments.worth import worth, worth_off_session


@dataclass(frozen=True, slots=True)
class CreditJudgement:
    """The verdict about the credits alone. Shape: with `stands` the purchase is rightly there, and its refunds and
    disputes can be judged against it."""

    verdict: Verdict
    stands: bool = False


def judge_credit(case: PaymentCase, context: JudgementContext) -> CreditJudgement:
    """What stands against the credits given for a payment."""
    decision = worth_of_case(case, context.catalog)
    mixed = _mode_mix(case, context)
    if mixed is not None:
        return CreditJudgement(Verdict(PaymentState.WRONG, (mixed,), decision=decision))
    if isinstance(decision, Grants):
        judgement = _granted(case, decision.purchase, context)
    elif isinstance(decision, Disagrees):
        judgement = _undecided(case, decision, context)
    else:
        judgement = CreditJudgement(judge_unsold(case, decision, context))
    return replace(judgement, verdict=replace(judgement.verdict, decision=decision))


def worth_of_case(case: PaymentCase, catalog: Catalog) -> Decision | None:
    """What the session of a payment is worth by what was captured; None where it has none.

    Shape: an application also books what it charged without a session, with a saved card; our own ledger never does.
    """
    if case.sold is None:
        return worth_off_session(case.intent, catalog) if case.intent and case.books.external else None
    decision, intent = worth(case.sold, catalog), case.intent
    if intent is None or intent.status != "succeeded":
        return decision
    return limited_to(decision, intent.amount_received, intent.currency)


def _mode_mix(case: PaymentCase, context: JudgementContext) -> ClassifiedFinding | None:
    """Test and live data in one place, told by `livemode` or by the name of a session."""
    foreign = "cs_test_" if context.livemode else "cs_live_"
    strangers = [entry for entry in case.entries if entry.livemode != context.livemode or _named(entry, foreign)]
    read = case.sold is not None and case.sold.session.livemode != context.livemode
    if not strangers and not read:
        return None
    here, there = ("live", "test") if context.livemode else ("test", "live")
    what = f"{case.books.named(strangers[0])} is" if strangers else "its session is"
    fix = "Find out who wrote it" if strangers else "Check STRIPE_SECRET_KEY and STRIPE_API_BASE"
    if strangers and case.balance:
        fix = take_back(case)
    stake = Stake(sum(map(abs, case.balance.values())))
    text = f"In a {here} ledger, {what} about a {there} payment."
    return for_person("mode_mix", case.key, text, fix, stake=stake)


def _named(entry: CreditEntry, prefix: str) -> bool:
    return (entry.session_id or entry.payment_key or "").startswith(prefix)


def _granted(case: PaymentCase, purchase: Purchase, context: JudgementContext) -> CreditJudgement:
    others = case.corrected.others(purchase.user_id) and any(fact.counted for fact in case.facts)
    if case.corrected.gives_nothing({purchase.user_id: purchase.credits}) and not others:
        return CreditJudgement(_missing(case, purchase, context))
    verdict = judge_holdings(case, purchase, context)
    if verdict is not None:
        beside = (*_differences(case, purchase), *_too_early(case, purchase, context)) if case.purchases else ()
        state = PaymentState.WRONG if beside and verdict.state is PaymentState.CREDITED else verdict.state
        return CreditJudgement(replace(verdict, found=(*verdict.found, *beside), state=state))
    if not case.purchases:
        return CreditJudgement(judge_adjusted(case, purchase, context))
    whole = dismissed_holdings(case, purchase, context)
    parts = (whole if whole and each.identity == whole.identity else each for each in _holders(case, purchase))
    found = (*parts, *_differences(case, purchase), *_too_early(case, purchase, context))
    return CreditJudgement(Verdict(PaymentState.WRONG if found else PaymentState.CREDITED, found), stands=True)


def _missing(case: PaymentCase, purchase: Purchase, context: JudgementContext) -> Verdict:
    """Paid, and no entry: late, or lost."""
    paid = purchase.created if case.intent is None else max(purchase.created, case.intent.paid)
    purchase = replace(purchase, created=paid)
    drafts = (purchase.draft(note=NOTE), *due_entries(case, position_of(purchase, case.entries)))
    money = format_amount(purchase.amount, purchase.currency)
    what = f"User {purchase.user_id} paid {money} for {plural(purchase.credits, 'credit')} at {iso_time(paid)}"
    rival = context.unexplained.get((purchase.user_id, purchase.credits))
    if context.within_grace(paid):
        found = in_flight(case.key, f"{what}; the webhook may still be on its way.")
        return Verdict(PaymentState.IN_FLIGHT, (found,), drafts=() if rival is not None else drafts)
    if rival is not None:
        return Verdict(PaymentState.UNDECIDED, (_perhaps_credited(case, what, rival, purchase_stake(purchase)),))
    due = sum(draft.credits for draft in drafts)
    if not due and case.given_up:
        return Verdict(PaymentState.SETTLED)  # the application took its own row back, as Stripe did the money
    lack = f"its row {case.planned[0].name} is not completed" if case.planned else case.books.nothing_there
    text = f"{what}, and {lack}." + ("" if due == purchase.credits else f" {due:,} of them are due.")
    found = classified(
        "pending_not_completed" if case.planned else "missing_credit",
        case.key,
        text,
        case.books.repair_of(case.key, whole=due == purchase.credits),
        payment_key=case.key,
        # Where all of it went back nobody lacks anything, and where none was paid nobody lacks money.
        severity=(None if purchase.amount else Severity.MEDIUM) if due else Severity.LOW,
        stake=purchase_stake(purchase, due),
    )
    reason = found.finding.code.removeprefix(PREFIX)
    repair = Repair(case.key, purchase, case.facts, drafts, case.names, reason)
    return Verdict(PaymentState.MISSING, (found, *held_by_others(case, purchase)), repair, drafts=drafts)


def _perhaps_credited(case: PaymentCase, what: str, rival: CreditEntry, stake: Stake) -> ClassifiedFinding:
    """Missing by Stripe's names, but an entry that nothing explains gave the same user as much: a person decides."""
    text = (
        f"{what}, and {case.books.nothing_there} under its name; but {case.books.named(rival)} gave as many for "
        f"{rival.payment_key}, which Stripe does not know. Nothing is repaired while that is open."
    )
    fix = (
        f"Find out what {case.books.named(rival)} is for (`creditctl ledger history --user {quoted(rival.user_id)}`). "
        "If it is for another payment, settle its own finding first, and the next run offers the repair. If it is for "
        "this one"
    )
    fix = f"{fix}: {DISMISSAL}, and likewise the finding about the entry"
    return classified("missing_credit", case.key, text, fix, payment_key=case.key, lasting=True, stake=stake)


def _holders(case: PaymentCase, purchase: Purchase) -> Iterator[ClassifiedFinding]:
    """Whether the right user, and nobody else, holds the right number of credits."""
    due = purchase.credits
    granted = case.corrected.held({purchase.user_id: due})
    rest = fraction_given(entry for entry in case.purchases if entry.user_id == purchase.user_id)
    if rest and len(case.purchases) == 1 and set(granted) <= {purchase.user_id}:
        yield _beside_whole_credits(case, purchase, granted.get(purchase.user_id, 0) + rest)
        return
    if granted == {purchase.user_id: due}:
        return
    fix = ", ".join(steps_to(case, {purchase.user_id: due}))
    held = granted.pop(purchase.user_id, 0)
    owed = f"user {purchase.user_id} is due {plural(due, 'credit')}"
    if granted:
        return  # a person said that it is right: else it is judged as what several users hold
    if held > due and len(case.purchases) > 1:
        text = f"The payment was credited {len(case.purchases)} times: {owed} and has {held + rest:,}."
        yield for_person("duplicate_credit", case.key, text, fix, stake=purchase_stake(purchase, held - due))
    else:
        text = f"For this payment {owed} and has {held + rest:,}."
        stake = purchase_stake(purchase, held - due, Direction.of(held - due))
        yield for_person("wrong_amount", case.key, text, fix, stake=stake)


def _beside_whole_credits(case: PaymentCase, purchase: Purchase, held: Decimal) -> ClassifiedFinding:
    """A purchase that an application credited with a fraction, of which packages have none."""
    user, surplus = purchase.user_id, held - purchase.credits
    text = f"For this payment user {user} is due {plural(purchase.credits, 'credit')} and has {held:,}."
    what = f"take {surplus:,} of a credit from" if surplus > 0 else f"give {-surplus:,} of a credit to"
    fix = f"in the application {what} user {user} (its row {case.main.name})"
    direction = Direction.OVER if surplus > 0 else Direction.UNDER
    stake = purchase_stake(purchase, ceil(abs(surplus)), direction)
    return for_person("wrong_amount", case.key, text, fix, stake=stake)


def _too_early(case: PaymentCase, purchase: Purchase, context: JudgementContext) -> Iterator[ClassifiedFinding]:
    """Entries of our own ledger from before their payment: a webhook never writes one, it comes after the money.

    Shape: a payment in the future says that two clocks disagree, and so nothing about an entry; where Stripe's clock is
           ahead, an entry is as much older by it. What an import says of its own time proves nothing, so that of its
           entries only the time counts at which they were written.
    """
    if case.books.external or case.sold is None:
        return
    opened = case.sold.session.created
    paid = opened if case.intent is None else max(opened, case.intent.paid)
    for entry in case.purchases:
        latest = entry.recorded + context.ahead_seconds + context.grace_seconds
        early = latest < paid <= context.stripe_now
        if early or (entry.created < opened and entry.idempotency_key.startswith(_OWN_PURCHASE)):
            when = iso_time(entry.recorded if early else entry.created)
            text = (
                f"{case.books.label(entry)} gave {plural(entry.credits, 'credit')} to user {entry.user_id} at {when}, "
                f"before the payment was made at {iso_time(paid)}."
            )
            fix = "Find out who wrote it, before there was anything to credit"
            yield for_person("credited_before_paid", case.key, text, fix, stake=purchase_stake(purchase, entry.credits))


_OWN_PURCHASE = f"{KeyScheme.PURCHASE.value}:"
"""How the key of a purchase begins that webhook or repair posted; it has its session's time."""


def _differences(case: PaymentCase, purchase: Purchase) -> Iterator[ClassifiedFinding]:
    """What the entry says of the payment beside its credits. An import may not have known a currency or a package, and
    may count fees that stand beside a package."""
    entry = case.main
    paid = purchase.amount if entry.amount != case.paid_in_all else entry.amount
    pairs = (
        ("currency", entry.currency, purchase.currency),
        ("amount", entry.amount, paid),
        ("package", entry.package, purchase.package),
    )
    for name, said, true in pairs:
        if said is not None and true is not None and said != true:
            text = f"{case.books.label(entry)} says {name} {said}, Stripe says {true}."
            fix = _CHECK_REFUNDS if not case.books.external else "Correct it in the application"
            apart = said - true if isinstance(said, int) and isinstance(true, int) else 0
            stake = Stake(0, abs(apart), purchase.currency, Direction.of(apart) if apart else None)
            yield for_person(f"{name}_mismatch", purchase.payment_key, text, fix, stake=stake)


_CHECK_REFUNDS = "What stands in the ledger cannot be changed: check the refunds of this payment by hand"


def _undecided(case: PaymentCase, decision: Disagrees, context: JudgementContext) -> CreditJudgement:
    """Paid, but a person has to say what it is worth, or has said so: then as much and no more is right."""
    credited = credited_by_person(case, decision, context)
    due = proposed(decision) if credited is None else {credited.user_id: credited.credits}
    held = case.corrected.held(due)
    if not held:
        waits = to_decide(case, decision)
        if all(map(context.decided, waits.found)):
            return CreditJudgement(Verdict(PaymentState.SETTLED))
        if not (due and case.purchases):
            return CreditJudgement(waits)
    if held == due or (credited is not None and held.keys() <= due.keys() and sum(held.values()) <= credited.credits):
        return CreditJudgement(Verdict(PaymentState.CREDITED), stands=True)
    if credited is not None:
        decision = replace(decision, proposal=with_credits(decision.proposal, credited))
    several = judge_holdings(case, as_purchase(case, decision), context) if due else None
    if several is not None:
        return CreditJudgement(several)
    undecided = given_undecided(case, decision, held, decided=credited is not None)
    return CreditJudgement(Verdict(PaymentState.WRONG, (undecided,)), stands=True)
