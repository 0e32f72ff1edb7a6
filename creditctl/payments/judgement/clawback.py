"""Clawback judgement: the refunds and disputes of one payment against what was taken back for them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.facts import Fact, RefundFact, has_let_go
from creditctl.core.entitlement.findings import other_currency
from creditctl.core.entitlement.settlement import (
    EntryDraft,
    EntryKind,
    Purchase,
    RefundPosition,
    credits_to_take,
    returned_amount,
)
from creditctl.core.findings import Stake
from creditctl.core.money import format_amount
from creditctl.core.text import plural
from creditctl.ledger.refund_position import position_of, refund_position
from creditctl.payments.case import PaymentCase
from creditctl.payments.finding_codes import (
    PREFIX,
    ClassifiedFinding,
    classified,
    for_person,
    in_flight,
)
from creditctl.payments.judgement.clamped import could_not_be_taken
from creditctl.payments.judgement.clawback_words import gave_back, gave_too_much, not_followed_words, took_too_much
from creditctl.payments.judgement.due_entries import due_entries
from creditctl.payments.judgement.holdings import judge_holdings
from creditctl.payments.judgement.purchase_stake import purchase_stake
from creditctl.payments.repair import Repair
from creditctl.payments.verdict import JudgementContext, PaymentState, Verdict

_NAMES = {
    EntryKind.REFUND: "refund_not_taken",
    EntryKind.REFUND_REVERSAL: "refund_failed_not_returned",
    EntryKind.DISPUTE: "dispute_not_held",
    EntryKind.DISPUTE_REVERSAL: "dispute_won_not_returned",
}
_TOO_MUCH = frozenset(("refund_over_taken", "refund_over_returned"))
_PENDING = frozenset(("pending", "requires_action"))
"""A refund whose money has not gone back yet. Source: Stripe API reference, "The Refund object", status."""


def judge_clawback(case: PaymentCase, context: JudgementContext, sold: Purchase | None = None) -> Verdict:
    """What stands against the credits taken back of a payment whose purchase stands.

    Shape: `sold` is what its session was worth, where nobody had to decide about that.
    """
    position = _as_sold(case, refund_position(case.main, case.entries, case.key), sold)
    if not (case.facts or case.clawbacks or position.shared or position.corrected > 0):
        return Verdict(PaymentState.CREDITED)
    several = judge_holdings(case, position.purchase, context) if position.shared else None
    return several or _of_one_user(case, _excused(case, position, context), context)


def _of_one_user(case: PaymentCase, position: RefundPosition, context: JudgementContext) -> Verdict:
    """The verdict about the user who was credited; what a person said is right of other users counts for them."""
    by_hand = _is_settled_by_hand(case, position)
    position = replace(position, taken=position.taken + position.elsewhere, elsewhere=0, shared=False)
    currencies = tuple(_other_currencies(case, case.main))
    drafts = due_entries(case, position)
    if drafts:
        verdict = _unsettled(case, position, drafts, context, by_hand=by_hand)
        return replace(verdict, found=(*currencies, *verdict.found))
    if context.written_meanwhile(case.entries):
        return Verdict(_state_of(currencies, context), currencies)
    wrong = (*_over_taken(case, position), *_over_returned(case, position))
    state = PaymentState.WRONG if wrong else _state_of(currencies, context)
    return Verdict(state, (*currencies, *wrong, *_pending_refunds(case, position)))


def _is_settled_by_hand(case: PaymentCase, position: RefundPosition) -> bool:
    """Whether nothing settles a payment by itself: under another key than its own, by less than an entry with fees
    says was paid, by other credits than its purchases come to, or with entries of other users. What an application
    keeps, it books itself, whatever its name."""
    posted = refund_position(case.main, case.entries, case.key).purchase
    other = case.main.payment_key != case.key or case.main.amount != position.purchase.amount
    return (other or position.shared or posted.credits != position.purchase.credits) and not case.books.external


def _pending_refunds(case: PaymentCase, position: RefundPosition) -> Iterator[ClassifiedFinding]:
    """Refunds that count already although their money is still on its way: one that fails gives the credits back."""
    for fact in case.facts:
        if fact.status in _PENDING and isinstance(fact, RefundFact):
            purchase = position.purchase
            stake = purchase_stake(purchase, credits_to_take(purchase.credits, purchase.amount, fact.counted))
            text = (
                f"Refund {fact.object_id} of {format_amount(fact.amount, fact.currency)} is {fact.status}; its credits "
                f"were taken of user {purchase.user_id} already, and come back if it fails."
            )
            fix = "Nothing has to be done; the next runs follow it"
            stake = replace(stake, amount=fact.amount)
            yield classified("refund_pending", fact.object_id, text, fix, payment_key=case.key, stake=stake)


def _as_sold(case: PaymentCase, position: RefundPosition, sold: Purchase | None) -> RefundPosition:
    """The position by what the package cost and gave: an entry may count the fees that stood beside it, or no amount at
    all, of which nothing is a share; and corrections that name no purchase may have taken back what was given twice."""
    if sold is None or sold.currency != position.purchase.currency:
        return position
    if position.purchase.amount in (0, case.paid_in_all):
        position = replace(position, purchase=replace(position.purchase, amount=sold.amount))
    owner, credits = position.purchase.user_id, sold.credits
    if owner != sold.user_id or case.corrected.held({owner: credits}).get(owner) != credits:
        return position
    return position_of(replace(position.purchase, credits=credits), case.entries, position.purchase_id)


def _excused(case: PaymentCase, position: RefundPosition, context: JudgementContext) -> RefundPosition:
    """The position in which what could not be taken, because the user had nothing left, stands for what is due."""
    counted = max(0, position.corrected)
    short = _due(case, position) - max(0, position.taken) - counted  # what was given back too much excuses nothing
    if short <= 0 or not context.keeper.clamped:
        return position
    excused = min(short, could_not_be_taken(case, position.purchase, context))
    return replace(position, corrected=counted + excused) if excused else position


def _due(case: PaymentCase, position: RefundPosition) -> int:
    """How many credits refunds and disputes take back in all."""
    returned = returned_amount(position.purchase.amount, case.facts, position.purchase.currency)
    return credits_to_take(position.purchase.credits, position.purchase.amount, returned)


def _over_taken(case: PaymentCase, position: RefundPosition) -> Iterator[ClassifiedFinding]:
    """More was taken than refunds and disputes explain: which entry took it, and how much too much."""
    target, taken = _due(case, position), position.taken + position.corrected
    if any(fact.counted and fact.currency != position.purchase.currency for fact in case.facts):
        taken = position.taken  # what a person took for it by a correction, nobody can reckon
    if taken <= target:
        return
    entry = _unexplained(case, position)
    let_go = next((each for each in case.facts if _is_about(entry, each) and has_let_go(each)), None)
    name = "refund_over_taken" if let_go is None else _NAMES[_RETURNED[let_go.kind]]
    text = (
        f"{case.books.label(entry)} took {plural(-entry.credits, 'credit')} of user {entry.user_id}"
        f"{_named_cause(case, entry)}: "
        f"{plural(taken, 'credit')} were taken back of this payment, but refunds and disputes explain {target:,}."
    )
    fix = case.books.correction(entry.user_id, taken - target, entry)
    yield for_person(name, case.key, text, fix, stake=purchase_stake(position.purchase, taken - target))


def _is_about(entry: CreditEntry, fact: Fact) -> bool:
    """Whether an entry names a refund or dispute; one that was imported without its name is about any of its kind."""
    return entry.object_id == fact.object_id or (entry.object_id is None and entry.kind == fact.kind)


def _over_returned(case: PaymentCase, position: RefundPosition) -> Iterator[ClassifiedFinding]:
    """More was given back than was ever taken: which entry did, and how much too much."""
    surplus = -(position.taken + max(0, position.corrected))
    if surplus <= 0:
        return
    returning = [each for each in reversed(case.corrected.taken) if each.credits > 0]
    # Where a person said that other users are right, what they were given counts as the owner's.
    entry = next((each for each in returning if each.user_id == position.purchase.user_id), returning[0])
    text = (
        f"{case.books.label(entry)} gave {plural(entry.credits, 'credit')} back to user {entry.user_id}"
        f"{_named_cause(case, entry)}: {plural(surplus, 'credit')} more than was taken back of this payment."
    )
    fix = case.books.correction(entry.user_id, -surplus, entry)
    yield for_person("refund_over_returned", case.key, text, fix, stake=purchase_stake(position.purchase, surplus))


_RETURNED = {"refund": EntryKind.REFUND_REVERSAL, "dispute": EntryKind.DISPUTE_REVERSAL}
"""How credits come back where money that had gone is ours again; a part of them may have."""


def _unexplained(case: PaymentCase, position: RefundPosition) -> CreditEntry:
    """The entry that took what nothing explains: about something that Stripe does not know, else the last to take."""
    known = {fact.object_id for fact in case.facts if fact.counted}
    unnamed = [entry for entry in case.corrected.unnamed if entry.user_id == position.purchase.user_id]
    taking = [entry for entry in (*case.clawbacks, *unnamed) if entry.credits < 0]
    taking = taking or [entry for entry in case.corrected.taken if entry.credits < 0]
    strange = [entry for entry in taking if entry.object_id not in known]
    return (strange or taking)[-1]


def _named_cause(case: PaymentCase, entry: CreditEntry) -> str:
    """For what an entry took, and whether Stripe knows it."""
    if entry.object_id is None:
        return ""
    unknown = "" if entry.object_id in {fact.object_id for fact in case.facts} else ", which Stripe does not know"
    return f" for {entry.kind.value.partition('_')[0]} {entry.object_id}{unknown}"


def _state_of(currencies: tuple[ClassifiedFinding, ...], context: JudgementContext) -> PaymentState:
    """Decided by a person who credited or dismissed every finding, undecided while one is open."""
    if not currencies:
        return PaymentState.CREDITED
    return PaymentState.SETTLED if all(map(context.decided, currencies)) else PaymentState.UNDECIDED


def _unsettled(
    case: PaymentCase,
    position: RefundPosition,
    drafts: tuple[EntryDraft, ...],
    context: JudgementContext,
    *,
    by_hand: bool,
) -> Verdict:
    """Refunds or disputes that the entries have not followed: too young to say, or to be posted."""
    made = {fact.object_id: fact for fact in case.facts}
    within_grace = any(context.within_grace(made[draft.object_id or ""].created) for draft in drafts)
    if within_grace or context.written_meanwhile(case.entries):
        text = "A refund or dispute is newer than the ledger; the webhook may still be on its way."
        waits = in_flight(case.key, text)
        return Verdict(PaymentState.IN_FLIGHT, (waits,), drafts=drafts)
    found = tuple(
        _not_followed(case, position, draft, made[draft.object_id or ""], by_hand=by_hand) for draft in drafts
    )
    over = any(each.finding.code.removeprefix(PREFIX) in _TOO_MUCH for each in found)
    short = -sum(draft.credits for draft in drafts)
    if context.keeper.clamped is None and not over and short > 0:
        explained = could_not_be_taken(case, position.purchase, context) >= short
        found = tuple(map(_with_hint, found)) if explained else found
    state = PaymentState.WRONG if over else PaymentState.MISSING
    reason = ", ".join(dict.fromkeys(each.finding.code.removeprefix(PREFIX) for each in found))
    repair = None if by_hand else Repair(case.key, None, case.facts, drafts, reason=reason)
    return Verdict(state, found, repair, drafts=drafts)


def _with_hint(found: ClassifiedFinding) -> ClassifiedFinding:
    """A finding with what would explain it."""
    hint = ' The user had none left: where balances end at zero, say negative = "clamped" under [policy].'
    return replace(found, finding=replace(found.finding, message=found.finding.message + hint))


def _not_followed(
    case: PaymentCase, position: RefundPosition, draft: EntryDraft, fact: Fact, *, by_hand: bool
) -> ClassifiedFinding:
    name, sentence = _NAMES[draft.kind], not_followed_words(draft, fact)
    if draft.kind is EntryKind.DISPUTE and fact.status == "lost":
        name = "dispute_lost_not_taken"
    if draft.credits > 0 and not has_let_go(fact):
        name, sentence = "refund_over_taken", took_too_much(case, draft, fact)
    if draft.credits < 0 and has_let_go(fact) and (gave := gave_back(case, fact)) is not None:
        name, sentence = "refund_over_returned", gave_too_much(case, gave, draft, fact)
    subject = draft.object_id or case.key
    stake = purchase_stake(position.purchase, draft.credits)
    if draft.amount:
        stake = Stake(abs(draft.credits), abs(draft.amount), draft.currency)
    if by_hand:
        return for_person(name, case.key, sentence, _by_hand(case, draft), subject=subject, stake=stake)
    return classified(name, subject, sentence, case.books.repair_of(case.key), payment_key=case.key, stake=stake)


def _by_hand(case: PaymentCase, draft: EntryDraft) -> str:
    """The command that follows a refund or dispute of a purchase under another name than the payment's own.

    What is taken is booked for the payment, since a correction of the purchase would say that it was too large; what
    is given back corrects the entry that took it.
    """
    takers = [entry for entry in case.clawbacks if entry.credits < 0 and entry.object_id in (draft.object_id, None)]
    if draft.credits > 0 and takers:
        return case.books.correction(draft.user_id, draft.credits, takers[-1])
    return case.books.booking(draft.user_id, draft.credits, case.key)


def _other_currencies(case: PaymentCase, entry: CreditEntry) -> Iterator[ClassifiedFinding]:
    """What cannot be reckoned in the currency of the purchase."""
    for fact in case.facts:
        if fact.counted and fact.currency != entry.currency:
            finding = other_currency(fact, entry_id=entry.id, user_id=entry.user_id, currency=entry.currency)
            yield ClassifiedFinding(finding, case.key, lasting=True)
