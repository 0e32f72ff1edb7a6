"""Refund position of a purchase: what its refunds and disputes took back so far, where settling goes on from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.settlement import CLAWBACK_KINDS, EntryKind, Purchase, RefundPosition


def refund_position(
    purchase: CreditEntry, entries: Sequence[CreditEntry], payment_key: str | None = None
) -> RefundPosition:
    """Sums up the entries of one purchase.

    Shape: `entries` are all entries of the payment; `payment_key` stands in where an imported purchase has none.
    """
    taking = [entry for entry in entries if entry.kind in CLAWBACK_KINDS]
    return RefundPosition(
        purchase=_purchase(purchase, purchase.payment_key or payment_key or ""),
        purchase_id=purchase.id,
        taken=-sum(entry.credits for entry in taking),
        returned=-sum(entry.amount for entry in taking),
        shares=_shares(taking),
        takers={entry.object_id: entry.id for entry in taking if entry.object_id and _takes(entry)},
        keys=frozenset(entry.idempotency_key for entry in entries),
    )


def _takes(entry: CreditEntry) -> bool:
    return entry.kind in (EntryKind.REFUND, EntryKind.DISPUTE)


def _shares(taking: Sequence[CreditEntry]) -> Counter[str]:
    """How much of what was returned each refund and dispute accounts for."""
    shares: Counter[str] = Counter()
    for entry in taking:
        if entry.object_id:
            shares[entry.object_id] -= entry.amount
    return shares


def _purchase(entry: CreditEntry, payment_key: str) -> Purchase:
    return Purchase(
        user_id=entry.user_id,
        credits=entry.credits,
        amount=entry.amount,
        currency=entry.currency or "",
        payment_key=payment_key,
        session_id=entry.session_id,
        package=entry.package,
        created=entry.created,
    )
