"""Judges the giving side of one payment: who should hold how many credits of it, and who does. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.decision import Decision, Disagrees, Grants, NotOurs, Waits, decide
from creditctl.core.entitlement.settlement import Purchase, RefundPosition, settlement
from creditctl.core.findings import Severity
from creditctl.core.money import format_amount
from creditctl.core.when import iso_time
from creditctl.ledger.models import Entry, FindingStatus
from creditctl.payments.case import Case
from creditctl.payments.facts import SoldSession
from creditctl.payments.finding_codes import ClassifiedFinding, classified, correction, for_person, plural
from creditctl.payments.repair import NOTE, Repair


@dataclass(frozen=True, slots=True)
class JudgementContext:
    """What a payment is judged by.

    Shape: `settled` says how a person settled a finding, by its code and subject.
    Units: `now` and `started` (of the pull) in Unix seconds.
    """

    catalog: Catalog
    livemode: bool
    now: int
    started: int
    grace_seconds: int
    settled: dict[tuple[str, str], FindingStatus] = field(default_factory=dict)

    def within_grace(self, moment: int) -> bool:
        """Whether a webhook about something of that time may simply still be on its way.

        Shape: a time far in the future says that two clocks disagree, and excuses nothing.
        """
        return abs(self.now - moment) < self.grace_seconds


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a payment, and what would put it right.

    Shape: `stands` says that its purchase is rightly there, so that refunds and disputes can be judged against it.
    """

    found: tuple[ClassifiedFinding, ...] = ()
    repair: Repair | None = None
    stands: bool = False


def worth(sold: SoldSession, catalog: Catalog) -> Decision:
    """What a checkout session is worth; NeedsLineItems where only its line items can say it and are not there."""
    return decide(sold.session, catalog, sold.items)


def judge_credit(case: Case, terms: JudgementContext) -> Verdict:
    """What stands against the credits given for a payment."""
    mixed = _mode_mix(case, terms)
    if mixed is not None:
        return Verdict((mixed,))
    decision = None if case.sold is None else worth(case.sold, terms.catalog)
    if isinstance(decision, Grants):
        return _granted(case, decision.purchase, terms)
    if isinstance(decision, Disagrees):
        return _undecided(case, decision, terms)
    return _nothing_due(case, decision, terms)


def _mode_mix(case: Case, terms: JudgementContext) -> ClassifiedFinding | None:
    """Test and live data in one place, told by `livemode` or by the name of a session."""
    foreign = "cs_test_" if terms.livemode else "cs_live_"
    strangers = [entry.id for entry in case.entries if entry.livemode != terms.livemode or _named(entry, foreign)]
    read = case.sold is not None and case.sold.session.livemode != terms.livemode
    if not strangers and not read:
        return None
    here, there = ("live", "test") if terms.livemode else ("test", "live")
    what = f"entry {strangers[0]} is" if strangers else "its session is"
    fix = "Find out who wrote it" if strangers else "Check STRIPE_SECRET_KEY and STRIPE_API_BASE"
    if strangers and case.granted:
        fix = _take_back(case)
    return for_person("mode_mix", case.key, f"In a {here} ledger, {what} about a {there} payment.", fix)


def _named(entry: Entry, prefix: str) -> bool:
    return (entry.session_id or entry.payment_key or "").startswith(prefix)


def _granted(case: Case, purchase: Purchase, terms: JudgementContext) -> Verdict:
    if not case.purchases:
        return _missing(case, purchase, terms)
    return Verdict((*_holders(case, purchase), *_differences(case.main, purchase)), stands=True)


def _missing(case: Case, purchase: Purchase, terms: JudgementContext) -> Verdict:
    """Paid, and no entry: late, or lost."""
    paid = purchase.created if case.intent is None else max(purchase.created, case.intent.paid)
    money = format_amount(purchase.amount, purchase.currency)
    what = f"User {purchase.user_id} paid {money} for {plural(purchase.credits, 'credit')} at {iso_time(paid)}"
    if terms.within_grace(paid):
        return Verdict((_in_flight(case, f"{what}; the webhook may still be on its way."),))
    purchase = replace(purchase, created=paid)
    drafts = (purchase.draft(note=NOTE), *settlement(RefundPosition(purchase, 0), case.facts))
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
    return Verdict((found,), Repair(case.key, purchase, case.facts, drafts))


def _holders(case: Case, purchase: Purchase) -> Iterator[ClassifiedFinding]:
    """Whether the right user, and nobody else, holds the right number of credits."""
    granted, due = case.granted, purchase.credits
    if granted == {purchase.user_id: due}:
        return
    held, first = granted.pop(purchase.user_id, 0), case.main
    steps = [correction(user, -credits, _latest(case, user).id) for user, credits in granted.items()]
    if held != due:
        last = _latest(case, purchase.user_id) if held > due else first
        steps.append(correction(purchase.user_id, due - held, last.id))
    fix = ", ".join(steps)
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


def _differences(entry: Entry, purchase: Purchase) -> Iterator[ClassifiedFinding]:
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


def _undecided(case: Case, decision: Disagrees, terms: JudgementContext) -> Verdict:
    """Paid, but a person has to say what it is worth, or has said so."""
    finding = decision.finding
    status = terms.settled.get((finding.code, finding.subject))
    if not case.granted:
        if status is not None and status is not FindingStatus.OPEN:
            return Verdict()
        return Verdict((ClassifiedFinding(finding, case.key, decision.proposal, lasting=True),))
    if status is FindingStatus.CREDITED:
        return Verdict(stands=True)
    given = plural(sum(case.granted.values()), "credit")
    text = f"{given} were given although a person should have decided ({finding.code})."
    return Verdict((for_person("undecided_credit", case.key, text, _take_back(case)),), stands=True)


def _nothing_due(case: Case, decision: Decision | None, terms: JudgementContext) -> Verdict:
    """Not paid, not ours, or not known to Stripe at all: then there should be no credits."""
    if not case.granted:
        return _unattributed(case, terms) if decision is None else Verdict()
    if case.recorded_after(terms.started):
        return Verdict((_in_flight(case, "The ledger gave credits while Stripe was being read; the next run knows."),))
    given = plural(sum(case.granted.values()), "credit")
    name, why = _why_not(case, decision)
    return Verdict((for_person(name, case.key, f"{given} were given, but {why}.", _take_back(case)),))


def _why_not(case: Case, decision: Decision | None) -> tuple[str, str]:
    if isinstance(decision, Waits):
        return "not_paid_credit", f"the session is not paid: {decision.reason}"
    if isinstance(decision, NotOurs):
        return "not_ours_credit", f"the payment is not for a package: {decision.reason}"
    if case.intent is None:
        return "orphan_credit", "Stripe knows no such payment in this account and mode"
    if case.intent.status != "succeeded":
        return "not_paid_credit", f"the payment intent is {case.intent.status}"
    return "not_ours_credit", "no checkout session of ours belongs to the payment"


def _unattributed(case: Case, terms: JudgementContext) -> Verdict:
    """Money for us that no checkout session explains; anything that is not ours is nobody's business here."""
    intent = case.intent
    if intent is None or not intent.managed or intent.status != "succeeded" or terms.within_grace(intent.paid):
        return Verdict()
    money = format_amount(intent.amount_received, intent.currency)
    text = f"{money} were paid for something of ours, but no checkout session belongs to the payment."
    fix = "Find the buyer, then `creditctl ledger adjust --user USER_ID --credits N --reason TEXT`, or refund it"
    return Verdict((for_person("unattributed_payment", case.key, text, fix),))


def _in_flight(case: Case, text: str) -> ClassifiedFinding:
    return classified("in_flight", case.key, text, "Wait; `creditctl reconcile` again later", payment_key=case.key)


def _take_back(case: Case) -> str:
    """The commands that take away everything given for a payment."""
    users: Sequence[tuple[str, int]] = sorted(case.granted.items())
    return ", ".join(correction(user, -credits, _latest(case, user).id) for user, credits in users)


def _latest(case: Case, user_id: str) -> Entry:
    """The newest purchase of a user: the one to correct."""
    mine = [entry for entry in case.purchases if entry.user_id == user_id]
    return (mine or list(case.purchases))[-1]
