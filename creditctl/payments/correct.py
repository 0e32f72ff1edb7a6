"""Corrections by hand: gives or takes credits with a reason, as one more entry."""

from __future__ import annotations

from creditctl.core.entitlement.settlement import EntryDraft, EntryKind, KeyScheme, idempotency_key
from creditctl.core.errors import UsageError
from creditctl.ledger.models import Posting
from creditctl.ledger.transaction import LedgerTransaction
from creditctl.ledger.view import LedgerView
from creditctl.payments.posting_plan import Origin, PlanOutcome, PostingPlan
from creditctl.payments.record import record


def adjust(
    tx: LedgerTransaction,
    *,
    user_id: str,
    credits: int,
    reason: str,
    key: str,
    created: int | None = None,
    corrects: int | None = None,
    payment_key: str | None = None,
) -> Posting:
    """Posts an adjustment: gives (or with a negative number takes) credits by hand; the same key does so once.

    Errors: UsageError without a reason, for zero credits, or if it corrects an entry that is not there.
    """
    draft = adjustment(
        tx,
        user_id=user_id,
        credits=credits,
        reason=reason,
        key=key,
        created=tx.now if created is None else created,
        corrects=corrects,
        payment_key=payment_key,
    )
    return post(tx, draft)


def post(tx: LedgerTransaction, draft: EntryDraft) -> Posting:
    """Posts an adjustment that was agreed to, once under its key."""
    # Without a payment key in the plan nothing is settled: a correction is posted as it was agreed to.
    posting = record(tx, PostingPlan(Origin.CORRECTION, PlanOutcome.POSTED, entry=draft)).posting
    assert posting is not None
    return posting


def adjustment(
    view: LedgerView,
    *,
    user_id: str,
    credits: int,
    reason: str,
    key: str,
    created: int,
    corrects: int | None = None,
    payment_key: str | None = None,
) -> EntryDraft:
    """The entry of an adjustment before it is posted, for whoever has to agree to it.

    Errors: UsageError without a reason, for zero credits, or if it corrects an entry that is not there.
    """
    if not reason.strip() or credits == 0:
        raise UsageError("An adjustment needs a number of credits and a reason.", code="ledger.adjustment")
    corrected = None if corrects is None else view.entry(corrects)
    if corrects is not None and corrected is None:
        raise UsageError(f"There is no entry {corrects}.", code="ledger.no_entry")
    if payment_key is None and corrected is not None:
        payment_key = corrected.payment_key  # so that it is found when the payment's refunds are settled
    return EntryDraft(
        created=created,
        user_id=user_id,
        kind=EntryKind.ADJUSTMENT,
        credits=credits,
        amount=0,
        currency=None,
        payment_key=payment_key,
        session_id=None,
        object_id=None,
        package=None,
        idempotency_key=idempotency_key(KeyScheme.ADJUSTMENT, key),
        corrects=corrects,
        note=reason,
    )
