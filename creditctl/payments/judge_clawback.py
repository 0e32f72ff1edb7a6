"""Clawback judgement: the refunds and disputes of one payment against what was taken back for them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.findings import other_currency
from creditctl.core.entitlement.settlement import EntryDraft, EntryKind, credits_to_take, returned_amount, settlement
from creditctl.core.money import format_amount
from creditctl.core.text import plural
from creditctl.ledger.models import FindingStatus
from creditctl.ledger.refund_position import refund_position
from creditctl.payments.case import PaymentCase
from creditctl.payments.finding_codes import REPAIR, ClassifiedFinding, classified, correction, for_person
from creditctl.payments.repair import Repair
from creditctl.payments.verdict import JudgementContext, PaymentState, Verdict

_NAMES = {
    EntryKind.REFUND: "refund_not_taken",
    EntryKind.REFUND_REVERSAL: "refund_failed_not_returned",
    EntryKind.DISPUTE: "dispute_not_held",
    EntryKind.DISPUTE_REVERSAL: "dispute_won_not_returned",
}


def judge_clawback(case: PaymentCase, context: JudgementContext) -> Verdict:
    """What stands against the credits taken back of a payment whose purchase stands."""
    if not case.facts and not case.clawbacks:
        return Verdict(PaymentState.CREDITED)
    entry = case.main
    currencies = tuple(_other_currencies(case, entry))
    drafts = settlement(refund_position(entry, case.entries, case.key), case.facts)
    if drafts:
        verdict = _unsettled(case, entry, drafts, context)
        return replace(verdict, found=(*currencies, *verdict.found))
    return Verdict(*_settled(case, entry, currencies, context))


def _settled(
    case: PaymentCase, entry: CreditEntry, currencies: tuple[ClassifiedFinding, ...], context: JudgementContext
) -> tuple[PaymentState, tuple[ClassifiedFinding, ...]]:
    """What is followed may still have been followed too far, or be in a currency that cannot be reckoned."""
    returned = returned_amount(entry.amount, case.facts, entry.currency or "")
    target = credits_to_take(entry.credits, entry.amount, returned)
    over = case.taken - target
    if over > 0 and not case.recorded_after(context.started):
        return PaymentState.WRONG, (*currencies, _over_taken(case, over, target))
    return _state_of(currencies, context), currencies


def _state_of(currencies: tuple[ClassifiedFinding, ...], context: JudgementContext) -> PaymentState:
    """Decided by a person who credited or dismissed every finding, undecided while one is open."""
    statuses = {context.settled.get(found.identity, FindingStatus.OPEN) for found in currencies}
    if not statuses:
        return PaymentState.CREDITED
    return PaymentState.UNDECIDED if FindingStatus.OPEN in statuses else PaymentState.SETTLED


def _unsettled(
    case: PaymentCase, entry: CreditEntry, drafts: tuple[EntryDraft, ...], context: JudgementContext
) -> Verdict:
    """Refunds or disputes that the entries have not followed: too young to say, or to be posted."""
    made = {fact.object_id: fact.created for fact in case.facts}
    within_grace = any(context.within_grace(made[draft.object_id or ""]) for draft in drafts)
    if within_grace or case.recorded_after(context.started):
        text = "A refund or dispute is newer than the ledger; the webhook may still be on its way."
        fix = "Wait; `creditctl reconcile` again later"
        found = classified("in_flight", case.key, text, fix, payment_key=case.key)
        return Verdict(PaymentState.IN_FLIGHT, (found,), drafts=drafts)
    if entry.payment_key != case.key:
        # The ledger looks for refunds under the payment's own key, so nothing posted there would be found again.
        by_hand = tuple(_by_hand(case, entry, draft) for draft in drafts)
        return Verdict(PaymentState.MISSING, by_hand, drafts=drafts)
    not_followed = tuple(_not_followed(case, draft, REPAIR) for draft in drafts)
    return Verdict(PaymentState.MISSING, not_followed, Repair(case.key, None, case.facts, drafts), drafts=drafts)


def _not_followed(case: PaymentCase, draft: EntryDraft, fix: str) -> ClassifiedFinding:
    return classified(_NAMES[draft.kind], draft.object_id or case.key, _sentence(draft), fix, payment_key=case.key)


def _by_hand(case: PaymentCase, entry: CreditEntry, draft: EntryDraft) -> ClassifiedFinding:
    fix = correction(draft.user_id, draft.credits, entry.id)
    subject = draft.object_id or case.key
    return for_person(_NAMES[draft.kind], case.key, _sentence(draft), fix, subject=subject)


def _sentence(draft: EntryDraft) -> str:
    money = format_amount(abs(draft.amount), draft.currency or "usd")
    name = f"{'refund' if draft.kind in (EntryKind.REFUND, EntryKind.REFUND_REVERSAL) else 'dispute'} {draft.object_id}"
    credits, user = plural(abs(draft.credits), "credit"), draft.user_id
    not_returned = f"but {credits} were not returned to user {user}."
    return {
        EntryKind.REFUND: f"{money} went back to user {user} by {name}, but {credits} were not taken back.",
        EntryKind.REFUND_REVERSAL: f"{money} of {name} did not go through, {not_returned}",
        EntryKind.DISPUTE: f"{money} are held by {name}, but {credits} of user {user} are not.",
        EntryKind.DISPUTE_REVERSAL: f"{money} of {name} are ours again, {not_returned}",
    }[draft.kind]


def _over_taken(case: PaymentCase, over: int, target: int) -> ClassifiedFinding:
    """More was taken than refunds and disputes explain, by entries of which Stripe knows nothing."""
    last = case.clawbacks[-1]
    text = (
        f"{plural(case.taken, 'credit')} were taken back of user {last.user_id}, "
        f"but refunds and disputes explain {target:,}."
    )
    return for_person("refund_over_taken", case.key, text, correction(last.user_id, over, last.id))


def _other_currencies(case: PaymentCase, entry: CreditEntry) -> Iterator[ClassifiedFinding]:
    """What cannot be reckoned in the currency of the purchase."""
    for fact in case.facts:
        if fact.counted and fact.currency != entry.currency:
            finding = other_currency(fact, entry_id=entry.id, user_id=entry.user_id, currency=entry.currency)
            yield ClassifiedFinding(finding, case.key, lasting=True)
