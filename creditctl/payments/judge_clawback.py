"""Judges the taking side of one payment: refunds and disputes against what the ledger took for them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from creditctl.core.entitlement.findings import other_currency
from creditctl.core.entitlement.settlement import EntryDraft, EntryKind, credits_to_take, returned_amount, settlement
from creditctl.core.money import format_amount
from creditctl.ledger.models import Entry
from creditctl.ledger.refund_position import refund_position
from creditctl.payments.case import Case
from creditctl.payments.finding_codes import REPAIR, ClassifiedFinding, classified, correction, for_person, plural
from creditctl.payments.judge_credit import JudgementContext, Verdict
from creditctl.payments.repair import Repair

_NAMES = {
    EntryKind.REFUND: "refund_not_taken",
    EntryKind.REFUND_REVERSAL: "refund_failed_not_returned",
    EntryKind.DISPUTE: "dispute_not_held",
    EntryKind.DISPUTE_REVERSAL: "dispute_won_not_returned",
}


def judge_returns(case: Case, terms: JudgementContext) -> Verdict:
    """What stands against the credits taken back of a payment whose purchase stands."""
    if not case.facts and not case.clawbacks:
        return Verdict()
    entry = case.main
    standing = refund_position(entry, case.entries, case.key)
    currencies = tuple(_other_currencies(case, entry))
    drafts = settlement(standing, case.facts)
    if drafts:
        return _unsettled(case, entry, drafts, currencies, terms)
    target = credits_to_take(
        entry.credits, entry.amount, returned_amount(entry.amount, case.facts, entry.currency or "")
    )
    over = case.taken - target
    if over <= 0 or case.recorded_after(terms.started):
        return Verdict(currencies)
    return Verdict((*currencies, _over_taken(case, over, target)))


def _unsettled(
    case: Case,
    entry: Entry,
    drafts: tuple[EntryDraft, ...],
    currencies: tuple[ClassifiedFinding, ...],
    terms: JudgementContext,
) -> Verdict:
    """Refunds or disputes that the ledger has not followed: too young to say, or to be posted."""
    made = {fact.object_id: fact.created for fact in case.facts}
    within_grace = any(terms.within_grace(made[draft.object_id or ""]) for draft in drafts)
    if within_grace or case.recorded_after(terms.started):
        text = "A refund or dispute is newer than the ledger; the webhook may still be on its way."
        fix = "Wait; `creditctl reconcile` again later"
        return Verdict((*currencies, classified("in_flight", case.key, text, fix, payment_key=case.key)))
    if entry.payment_key != case.key:
        # The ledger looks for refunds under the payment's own key, so nothing posted there would be found again.
        return Verdict((*currencies, *(_by_hand(case, entry, draft) for draft in drafts)))
    found = tuple(_not_followed(case, draft, REPAIR) for draft in drafts)
    return Verdict((*currencies, *found), Repair(case.key, None, case.facts, drafts))


def _not_followed(case: Case, draft: EntryDraft, fix: str) -> ClassifiedFinding:
    return classified(_NAMES[draft.kind], draft.object_id or case.key, _sentence(draft), fix, payment_key=case.key)


def _by_hand(case: Case, entry: Entry, draft: EntryDraft) -> ClassifiedFinding:
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


def _over_taken(case: Case, over: int, target: int) -> ClassifiedFinding:
    """More was taken than refunds and disputes explain, by entries of which Stripe knows nothing."""
    last = case.clawbacks[-1]
    text = (
        f"{plural(case.taken, 'credit')} were taken back of user {last.user_id}, "
        f"but refunds and disputes explain {target:,}."
    )
    return for_person("refund_over_taken", case.key, text, correction(last.user_id, over, last.id))


def _other_currencies(case: Case, entry: Entry) -> Iterator[ClassifiedFinding]:
    """What cannot be reckoned in the currency of the purchase."""
    for fact in case.facts:
        if fact.counted and fact.currency != entry.currency:
            finding = other_currency(fact, entry_id=entry.id, user_id=entry.user_id, currency=entry.currency)
            yield ClassifiedFinding(finding, case.key, lasting=True)
