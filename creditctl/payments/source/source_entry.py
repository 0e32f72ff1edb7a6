"""Source entry: a row of an application as a credit entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.stripe_ids import IdKind, id_kind
from creditctl.ledger.archive.source_models import KeptRow

NOBODY = ""
"""The user of a row that does not say whose it is, until a payment says it."""


ROW_KEY = "row:"
"""What the key of an application's entry begins with, before the row's own id."""


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One row of an application, its fields as those of a ledger's entry.

    Shape: `name` is the application's own id of it. `stated` are the amount and currency that the row says itself; the
           others follow from Stripe. `mode_known` says whether the row tells whether it is about real money. `units`
           are its credits in the application's smallest unit, of which one credit has `scale`.
    """

    id: int
    name: str
    status: str
    recorded: int
    created: int
    user_id: str
    kind: EntryKind
    credits: int
    amount: int
    currency: str | None
    payment_key: str | None
    session_id: str | None
    object_id: str | None
    idempotency_key: str
    corrects: int | None
    livemode: bool
    stated_amount: int | None
    mode_known: bool
    package: str | None = None
    source_event: str | None = None
    units: int = 0
    scale: int = 1

    def as_dict(self) -> dict[str, Any]:
        """The entry as it appears in JSON documents, in the words of a ledger's."""
        return {
            "id": self.name,
            "created": self.created,
            "user_id": self.user_id or None,
            "kind": str(self.kind),
            "status": self.status,
            "credits": self.credits if self.scale == 1 else str(Decimal(self.units) / self.scale),
            "amount": self.stated_amount,
            "currency": self.currency,
            "payment_key": self.payment_key,
            "object_id": self.object_id,
            "livemode": self.livemode if self.mode_known else None,
        }


@dataclass(frozen=True, slots=True)
class RowTerms:
    """What turns kept rows into entries.

    Shape: `livemode` counts where a row does not say it; of the kinds in `contrary` a row with the opposite sign means
           it. Units: `scale` is how many of the application's smallest units one credit has.
    """

    livemode: bool
    contrary: frozenset[str] = frozenset()
    scale: int = 1


def entry_of(kept: KeptRow, terms: RowTerms, corrected: dict[str, int]) -> SourceEntry:
    """A kept row as an entry. Shape: `corrected` gives the number of a row that another one corrects."""
    row = kept.row
    credits = -row.credits if row.contrary and row.kind in terms.contrary else row.credits
    payment = row.payment_key or own_name(row.row_id)
    return SourceEntry(
        id=kept.seq,
        name=row.row_id,
        status=row.status,
        recorded=row.created,
        created=row.created,
        user_id=row.user_id or NOBODY,
        kind=EntryKind(row.kind),
        credits=whole_credits(credits, terms.scale),
        amount=row.amount or 0,
        currency=row.currency,
        payment_key=payment if row.kind != EntryKind.ADJUSTMENT or row.payment_key else None,
        session_id=payment if id_kind(payment) is IdKind.SESSION else None,
        object_id=row.object_id,
        idempotency_key=f"{ROW_KEY}{row.row_id}",
        corrects=None if row.corrects is None else corrected.get(row.corrects),
        livemode=terms.livemode if row.livemode is None else row.livemode,
        stated_amount=row.amount,
        mode_known=row.livemode is not None,
        units=credits,
        scale=terms.scale,
    )


def own_name(row_id: str) -> str:
    """What stands for the payment of a row that names none; Stripe knows no such payment."""
    return f"row {row_id}"


def whole_credits(units: int, scale: int, *, up: bool = False) -> int:
    """Whole credits of a number of smallest units. Shape: a fraction counts only with `up`, as one more."""
    whole, rest = divmod(abs(units), scale)
    return (1 if units >= 0 else -1) * (whole + (1 if rest and up else 0))


def fraction_given(entries: Iterable[CreditEntry]) -> Decimal:
    """What entries gave beyond the whole credits that they count as; packages are whole, so that none of it is due."""
    rows = [entry for entry in entries if isinstance(entry, SourceEntry)]
    return sum((Decimal(row.units) / row.scale - row.credits for row in rows), Decimal(0))
