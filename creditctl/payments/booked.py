"""Booked elsewhere: whether entries of an application's own gave the credits that a purchase is about to post.

Asked inside the posting transaction by webhook, repair and `ledger resolve` alike, in the words of the judgement, so
that no payment is credited a second time that reconciliation calls credited, or wrong.
"""

from __future__ import annotations

from creditctl.core.entitlement.corrections import CorrectedEntries, credits_of
from creditctl.core.entitlement.settlement import EntryDraft, EntryKind, credits_left
from creditctl.core.stripe_ids import IdKind, id_kind
from creditctl.ledger.models import Entry, Outcome, Posting
from creditctl.ledger.view import LedgerView
from creditctl.payments.ledger_entries import LedgerEntries


class ChargesUnknown(Exception):
    """Entries name payments by their charges, and those of this payment were not read: read them, and ask again.

    Shape: whoever posts lets go of the transaction first; nothing is read from Stripe while one is open.
    """


def booked_elsewhere(view: LedgerView, purchase: EntryDraft, charges: frozenset[str] | None) -> Posting | None:
    """EXISTS where entries under other names, or corrections, gave just what is due; CONFLICT where they gave other
    credits, or to another user; None where they gave nothing of it, or where posting finds its own purchase.

    Errors: ChargesUnknown where only the names of the charges can tell.
    """
    key, session_id = purchase.payment_key, purchase.session_id
    if key is None or purchase.kind is not EntryKind.PURCHASE:
        return None
    if view.purchase_of(key) is not None or (session_id and view.purchases_of_session(session_id)):
        return None
    if charges is None and view.names_charges():
        raise ChargesUnknown
    names = {*(charges or ()), *filter(None, [session_id])} - {key}
    entries = LedgerEntries(view).of_payment(key, names)
    corrected = CorrectedEntries.of(entries)
    due = {purchase.user_id: purchase.credits}
    if corrected.gives_nothing(due):
        return None
    given = {each.id for each in (*corrected.given, *corrected.unnamed)}
    entry = next(each for each in entries if each.id in given)
    agrees = corrected.held(due) == due or _follows_returns(view, purchase, corrected)
    return Posting(Outcome.EXISTS if agrees else Outcome.CONFLICT, entry)


def _follows_returns(view: LedgerView, purchase: EntryDraft, corrected: CorrectedEntries) -> bool:
    """Whether corrections alone come to what the known refunds and disputes have left of the purchase."""
    facts = [stored.fact for stored in view.facts(purchase.payment_key)]
    left = credits_left(purchase.credits, purchase.amount, purchase.currency or "", facts)
    return not corrected.given and credits_of(corrected.unnamed, purchase.user_id) == left


def likely_charge(view: LedgerView, purchase: EntryDraft) -> Entry | None:
    """An entry that gave the same user as many credits under a charge, which may be one of this payment.

    Shape: for whoever cannot ask Stripe; None where the payment has a purchase, which posting finds by itself.
    """
    if purchase.payment_key is None or view.purchase_of(purchase.payment_key) is not None or not view.names_charges():
        return None
    given = LedgerEntries(view).purchases_of(purchase.user_id)
    return next((each for each in given if each.credits == purchase.credits and _is_charge(each)), None)


def _is_charge(entry: Entry) -> bool:
    return id_kind(entry.payment_key or "") is IdKind.CHARGE
