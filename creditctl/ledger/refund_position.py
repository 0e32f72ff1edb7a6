"""Refund position of a purchase: what its refunds and disputes took back so far, where settling goes on from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from creditctl.core.entitlement.corrections import CorrectedEntries, credits_by_user, credits_of
from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.facts import Fact
from creditctl.core.entitlement.settlement import (
    CLAWBACK_KINDS,
    EntryKind,
    KeyScheme,
    Purchase,
    RefundPosition,
    towards,
)

_REVERSALS = (EntryKind.REFUND_REVERSAL, EntryKind.DISPUTE_REVERSAL)
_IMPORTED = f"{KeyScheme.IMPORT.value}:"


def refund_position(
    purchase: CreditEntry, entries: Sequence[CreditEntry], payment_key: str | None = None
) -> RefundPosition:
    """Sums up the entries of one purchase, corrections included.

    Shape: `entries` are all entries of the payment; `payment_key` stands in where an imported purchase has none. The
           purchase of the position is the corrected one: its user is who holds the credits, its credits are those.
    """
    key = purchase.payment_key or payment_key or ""
    given = CorrectedEntries.of(_keyed(entries))
    held = credits_by_user(given.given)
    owner = _owner(purchase, held)
    credits = max(0, held[owner]) if given.corrects_purchases else purchase.credits
    corrected = _purchase(purchase, key, owner, credits)
    return position_of(corrected, entries, purchase.id)


def position_of(purchase: Purchase, entries: Sequence[CreditEntry], purchase_id: int = 0) -> RefundPosition:
    """Sums up what was taken back of a purchase, from its user alone.

    Shape: `purchase_id` is 0 where it has no entry yet.
    """
    corrected = CorrectedEntries.of(_keyed(entries))
    taking = [entry for entry in corrected.taken if entry.kind in CLAWBACK_KINDS]
    owner = purchase.user_id
    taken = credits_of(corrected.taken, owner)
    beyond = credits_of(corrected.given, owner) - purchase.credits
    return RefundPosition(
        purchase=purchase,
        purchase_id=purchase_id,
        taken=-taken,
        returned=-sum(entry.amount for entry in taking),
        shares=_shares(taking),
        takers={entry.object_id: entry.id for entry in taking if entry.object_id and _takes(entry)},
        keys=frozenset(entry.idempotency_key for entry in entries),
        corrected=_corrected(credits_of(corrected.unnamed, owner), beyond),
        elsewhere=taken - sum(entry.credits for entry in corrected.taken),
        shared=bool(corrected.others(owner)),
        adjusted=len(taking) < len(corrected.taken),
    )


def facts_not_overtaken(facts: Sequence[Fact], entries: Sequence[CreditEntry]) -> list[Fact]:
    """The refunds and disputes that events tell of, without those of which an application's own entries know more.

    Shape: it booked before that one gave its credits back, later than the last event that came so far: history that is
           replayed into an import takes nothing that its next event would return.
    """
    returned: dict[str | None, int] = {}
    for entry in entries:
        if entry.kind in _REVERSALS and entry.idempotency_key.startswith(_IMPORTED):
            returned[entry.object_id] = max(entry.created, returned.get(entry.object_id, 0))
    return [fact for fact in facts if fact.observed > returned.get(fact.object_id, -1)]


def _corrected(unnamed: int, beyond: int) -> int:
    """What corrections that name no entry took back; they mend what was given beyond the purchase, or less, first."""
    return -(unnamed + towards(-unnamed, beyond))


def _keyed(entries: Sequence[CreditEntry]) -> list[CreditEntry]:
    """Without corrections that lack the payment's key: where a webhook settles, they are not found either."""
    return [entry for entry in entries if entry.payment_key is not None or entry.kind is not EntryKind.ADJUSTMENT]


def _owner(purchase: CreditEntry, given: Counter[str]) -> str:
    """Whose purchase it is: the user's to whom it was credited, unless corrections gave all of it to another."""
    holders = [user for user, credits in given.items() if credits > 0]
    return purchase.user_id if purchase.user_id in holders or len(holders) != 1 else holders[0]


def _takes(entry: CreditEntry) -> bool:
    return entry.kind in (EntryKind.REFUND, EntryKind.DISPUTE)


def _shares(taking: Sequence[CreditEntry]) -> Counter[str]:
    """How much of what was returned each refund and dispute accounts for."""
    shares: Counter[str] = Counter()
    for entry in taking:
        if entry.object_id:
            shares[entry.object_id] -= entry.amount
    return shares


def _purchase(entry: CreditEntry, payment_key: str, user_id: str, credits: int) -> Purchase:
    return Purchase(
        user_id=user_id,
        credits=credits,
        amount=entry.amount,
        currency=entry.currency or "",
        payment_key=payment_key,
        session_id=entry.session_id,
        package=entry.package,
        created=entry.created,
    )
