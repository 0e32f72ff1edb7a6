"""Evidence from all rows of a source: what was booked for each payment, and what each user's rows come to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from creditctl.core.entitlement.settlement import EntryKind
from creditctl.ledger.archive.source_models import DONE, SourceRow
from creditctl.sources.guess.sample import MOST_READ
from creditctl.sources.mapping.row_mapper import RowMapper
from creditctl.sources.mapping.signs import Outside
from creditctl.sources.reading.raw_rows import OpenRows
from creditctl.sources.values.bad_value import BadRow


class BookedRow(NamedTuple):
    """What one payment was booked for.

    Shape: `owner` as the application writes it, or as the settings translate that; `livemode` and `amount` where the
           row says them.
    Units: the smallest ones of credits; `created` in Unix seconds and `amount` as the row says them.
    """

    owner: str
    credits: int
    created: int
    livemode: bool | None
    amount: int | None


@dataclass
class Evidence:
    """What all rows say. Shape: `sums` by the application's own user ids; `booked` by Stripe's ids of payments.

    Units: the smallest ones of credits.
    """

    booked: dict[str, BookedRow] = field(default_factory=dict)
    sums: Counter[str] = field(default_factory=Counter)
    whole: bool = True

    def add(self, row: SourceRow) -> None:
        """Counts one row; of a payment that was booked twice the first booking stays."""
        if row.status != DONE or row.user_id is None:
            return
        self.sums[row.user_id] += row.credits
        if row.kind == EntryKind.PURCHASE and row.payment_key is not None:
            self.booked.setdefault(
                row.payment_key, BookedRow(row.user_id, row.credits, row.created, row.livemode, row.amount)
            )


def evidence_of(opened: OpenRows, mapper: RowMapper) -> Evidence:
    """Goes through the rows; what cannot be read by the mapping says nothing."""
    found = Evidence()
    for number, raw in enumerate(islice(opened.rows(mapper.columns), MOST_READ), 1):
        found.whole = number < MOST_READ
        try:
            row = mapper(raw.columns, raw.line)
        except BadRow:
            continue
        if not isinstance(row, Outside):
            found.add(row)
    return found
