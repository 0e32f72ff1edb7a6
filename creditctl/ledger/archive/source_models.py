"""Source rows as values: what one row of an application says, and what became of it between two readings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

PENDING, DONE, VOID = "pending", "done", "void"
"""What a row's status means: not yet, booked, never."""


class SourceRow(NamedTuple):
    """What one row of an application says, in our words.

    Shape: `row_id` is the application's own; `owner` the user as it writes them, `user_id` as Stripe has them; None
           for `owner`, `amount`, `currency` or `livemode` where the row does not say, and Stripe's counts.
           `payment_key` is any id of Stripe's, or the application's own; `object_id` a refund or dispute it names.
           Signs follow from the kind; `contrary` says that the row had the opposite one.
    Units: `credits` in the application's smallest unit; `amount` in minor units; `created` in Unix seconds.
    """

    row_id: str
    created: int
    owner: str | None
    user_id: str | None
    kind: str
    status: str
    credits: int
    contrary: bool
    amount: int | None
    currency: str | None
    payment_key: str | None
    object_id: str | None
    livemode: bool | None
    corrects: str | None

    def contradicts(self, before: SourceRow) -> bool:
        """Whether a booked row says something else than before.

        Shape: what was empty may be filled in later, and a user who was deleted may be taken out.
        """
        if before.status != DONE:
            return False
        pairs = (
            (before.amount, self.amount),
            (before.payment_key, self.payment_key),
            (before.owner, before.owner if self.owner is None else self.owner),
        )
        said = any(old is not None and old != new for old, new in pairs)
        same = (before.kind, before.credits, before.contrary) == (self.kind, self.credits, self.contrary)
        return said or not same or self.status != DONE


class KeptRow(NamedTuple):
    """A row in the archive. Shape: `seq` numbers rows as they were first seen; `gone` is when it was missed."""

    seq: int
    gone: int | None
    row: SourceRow


@dataclass(frozen=True, slots=True)
class SourceReadingRecord:
    """One finished reading of a source.

    Shape: `whole` unless only what was updated was read; `cursor` is where the next of those goes on; `fingerprint`
           says by which settings it was read.
    """

    id: int
    whole: bool
    started: int
    finished: int
    fingerprint: str
    cursor: str | None
    rows: int


@dataclass(frozen=True, slots=True)
class SourceChange:
    """What a booked row said before and now. Shape: `after` is None for a row that is gone, or fits no more."""

    id: int
    noticed: int
    before: SourceRow
    after: SourceRow | None
    seq: int


@dataclass(frozen=True, slots=True)
class SourceBalanceRow:
    """A user's cached balance beside the sum of their rows. Units: the application's smallest unit of credits."""

    user_id: str
    cached: int
    counted: int
