"""Judges the taking side of one payment: refunds and disputes against what the ledger took for them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from creditctl.core.entitlement.findings import other_currency
from creditctl.core.entitlement.settlement import EntryDraft, Kind, credits_to_take, returned_amount, settlement
from creditctl.core.money import format_amount
from creditctl.ledger.models import Entry
from creditctl.ledger.refund_position import standing_of
from creditctl.payments.case import Case
from creditctl.payments.finding_codes import REPAIR, Judged, correction, for_person, judged, plural
from creditctl.payments.judge_credit import Terms, Verdict
from creditctl.payments.repair import Repair

_NAMES = {
    Kind.REFUND: "refund_not_taken",
    Kind.REFUND_REVERSAL: "refund_failed_not_returned",
    Kind.DISPUTE: "dispute_not_held",
    Kind.DISPUTE_REVERSAL: "dispute_won_not_returned",
}


def judge_returns(case: Case, terms: Terms) -> Verdict:
    """What stands against the credits taken back of a payment whose purchase stands."""
    if not case.facts and not case.takings:
        return Verdict()
    entry = case.main
    standing = standing_of(entry, case.entries, case.key)
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
    case: Case, entry: Entry, drafts: tuple[EntryDraft, ...], currencies: tuple[Judged, ...], terms: Terms
) -> Verdict:
    """Refunds or disputes that the ledger has not followed: too young to say, or to be posted."""
    made = {fact.object_id: fact.created for fact in case.facts}
    young = any(terms.young(made[draft.object_id or ""]) for draft in drafts)
    if young or case.recorded_after(terms.started):
        text = "A refund or dispute is newer than the ledger; the webhook may still be on its way."
        fix = "Wait; `creditctl reconcile` again later"
        return Verdict((*currencies, judged("in_flight", case.key, text, fix, payment_key=case.key)))
    if entry.payment_key != case.key:
        # The ledger looks for refunds under the payment's own key, so nothing posted there would be found again.
        return Verdict((*currencies, *(_by_hand(case, entry, draft) for draft in drafts)))
    found = tuple(_not_followed(case, draft, REPAIR) for draft in drafts)
    return Verdict((*currencies, *found), Repair(case.key, None, case.facts, drafts))


def _not_followed(case: Case, draft: EntryDraft, fix: str) -> Judged:
    return judged(_NAMES[draft.kind], draft.object_id or case.key, _sentence(draft), fix, payment_key=case.key)


def _by_hand(case: Case, entry: Entry, draft: EntryDraft) -> Judged:
    fix = correction(draft.user_id, draft.credits, entry.id)
    subject = draft.object_id or case.key
    return for_person(_NAMES[draft.kind], case.key, _sentence(draft), fix, subject=subject)


def _sentence(draft: EntryDraft) -> str:
    money = format_amount(abs(draft.amount), draft.currency or "usd")
    name = f"{'refund' if draft.kind in (Kind.REFUND, Kind.REFUND_REVERSAL) else 'dispute'} {draft.object_id}"
    credits, user = plural(abs(draft.credits), "credit"), draft.user_id
    return {
        Kind.REFUND: f"{money} went back to user {user} by {name}, but {credits} were not taken back.",
        Kind.REFUND_REVERSAL: f"{money} of {name} did not go through, but {credits} were not returned to user {user}.",
        Kind.DISPUTE: f"{money} are held by {name}, but {credits} of user {user} are not.",
        Kind.DISPUTE_REVERSAL: f"{money} of {name} are ours again, but {credits} were not returned to user {user}.",
    }[draft.kind]


def _over_taken(case: Case, over: int, target: int) -> Judged:
    """More was taken than refunds and disputes explain, by entries of which Stripe knows nothing."""
    last = case.takings[-1]
    text = (
        f"{plural(case.taken, 'credit')} were taken back of user {last.user_id}, "
        f"but refunds and disputes explain {target:,}."
    )
    return for_person("refund_over_taken", case.key, text, correction(last.user_id, over, last.id))


def _other_currencies(case: Case, entry: Entry) -> Iterator[Judged]:
    """What cannot be reckoned in the currency of the purchase."""
    for fact in case.facts:
        if fact.counted and fact.currency != entry.currency:
            finding = other_currency(fact, entry_id=entry.id, user_id=entry.user_id, currency=entry.currency)
            yield Judged(finding, case.key, lasting=True)
