"""Imported entry: one row of an application as the values of a ledger entry, by name (NamedTuple)."""

from __future__ import annotations

from typing import NamedTuple

from creditctl.core.entitlement.settlement import EntryKind


class ImportedEntry(NamedTuple):
    """What an imported row says, in the order of the columns of `credit_transactions` from `created` to `note`.

    Shape: the ledger puts `id` and `recorded` before it and `hash` behind it; `livemode` is 0 or 1, as SQLite keeps
           it; `corrects` is the key of another row until that has a number. A tuple, because an import makes many.
    """

    created: int
    user_id: str
    kind: str
    credits: int
    amount: int
    currency: str | None
    payment_key: str | None
    session_id: str | None
    object_id: str | None
    package: str | None
    idempotency_key: str
    source_event: str | None
    corrects: int | str | None
    account: str
    livemode: int
    note: str | None

    @property
    def identity(self) -> Identity:
        """What makes two entries of a payment the same."""
        return identity_of(self.payment_key, self.kind, self.credits, self.amount)


Identity = tuple[str | None, str] | tuple[str | None, str, int, int]
"""Payment and kind of a purchase; of anything else also credits and amount."""

Batch = list[tuple[int | str, ImportedEntry]]
"""Where each row stands in its source, and the entry that it says."""


def identity_of(payment_key: str | None, kind: str, credits: int, amount: int) -> Identity:
    """What makes two entries of a payment the same: a payment is purchased once, but may be refunded in parts."""
    return (payment_key, kind) if kind == EntryKind.PURCHASE.value else (payment_key, kind, credits, amount)
