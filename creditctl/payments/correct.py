"""Corrections by hand: gives or takes credits with a reason, as one more entry."""

from __future__ import annotations

from creditctl.core.entitlement.settlement import EntryDraft, EntryKind, KeyScheme, idempotency_key
from creditctl.core.errors import UsageError
from creditctl.core.stripe_ids import IdKind, holds_secret, id_kind, require_id, require_payment_key
from creditctl.ledger.models import EntryFilter, Posting
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

    Errors: those of `adjustment`.
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

    Errors: UsageError without a reason, for zero credits, for an id that names no payment, for a text that holds a
            secret, or if it corrects an entry that is not there.
    """
    require_no_secret(reason, key)
    require_id(key, "--key")
    if payment_key is not None:
        _require_payment(view, payment_key)
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


def require_no_secret(*texts: str) -> None:
    """Refuses texts with a secret, which an append-only file would keep for good. Errors: UsageError, without it."""
    if any(map(holds_secret, texts)):
        raise UsageError(
            "A client secret or a key must not stand in a ledger, and the text holds one.",
            code="ledger.secret",
            fix="Leave it out; a payment is named by its id alone, pi_… or cs_….",
        )


def _require_payment(view: LedgerView, payment_key: str) -> None:
    """What names the payment as the ledger does: Stripe's payment intent or session, or what an import kept."""
    require_id(payment_key, "--payment")
    if id_kind(payment_key) in (IdKind.PAYMENT_INTENT, IdKind.SESSION):
        return
    if view.entries(EntryFilter(payment_key=payment_key), limit=1):
        return
    require_payment_key(payment_key, "--payment")
    raise UsageError(
        "--payment is a charge, of which the ledger has no entry.",
        code="id.no_payment",
        fix=f"`creditctl trace {payment_key}` shows its payment intent; name that.",
    )
