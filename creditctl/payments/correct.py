"""Corrections by hand: gives or takes credits with a reason, as one more entry."""

from __future__ import annotations

from creditctl.core.entitlement.settlement import EntryDraft, EntryKind, KeyScheme, idempotency_key
from creditctl.core.errors import UsageError
from creditctl.ledger.models import Posting
from creditctl.ledger.transaction import LedgerTransaction
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
    if not reason.strip() or credits == 0:
        raise UsageError("An adjustment needs a number of credits and a reason.", code="ledger.adjustment")
    if corrects is not None and tx.entry(corrects) is None:
        raise UsageError(f"There is no entry {corrects}.", code="ledger.no_entry")
    draft = EntryDraft(
        created=tx.now if created is None else created,
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
    # Without a payment key in the plan nothing is settled: a correction changes no refund's share.
    posting = record(tx, PostingPlan(Origin.CORRECTION, PlanOutcome.POSTED, entry=draft)).posting
    assert posting is not None
    return posting
