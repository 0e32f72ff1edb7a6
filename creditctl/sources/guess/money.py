"""Guess of money: whether a column that is called like money holds what was paid, or something about credits. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from creditctl.sources.guess.directions import RowSigns
from creditctl.sources.guess.profile import Profile, names_payment
from creditctl.sources.mapping.columns import FirstFilled, RawColumns, references
from creditctl.sources.values.bad_value import BadRow
from creditctl.sources.values.numbers import decimal_mark, decimal_of

_HALF = 0.5


@dataclass(frozen=True)
class MoneyWitness:
    """What a sample of rows says of columns that are called like money. Shape: `keys` are the places of payments."""

    rows: Sequence[RawColumns]
    columns: Sequence[str]
    keys: FirstFilled
    credits: Profile | None
    signs: RowSigns

    def contradiction(self, profile: Profile) -> str | None:
        """Why a column holds no money that was paid, though it is called so; None where nothing speaks against it.

        Shape: without it Stripe's amounts count, so that leaving one out wrongly costs a comparison and accuses nobody.
        """
        pairs = list(self._pairs(profile))
        if pairs and all(abs(credits) == abs(number) for _, credits, number in pairs):
            return f"{profile.name} is the number of credits in every row, without its sign"
        spent = [number for row, credits, number in pairs if self._is_spent(row) and credits]
        if sum(map(bool, spent)) > _HALF * len(spent):
            return f"{profile.name} stands also in rows that take credits and name no payment"
        return None

    def _pairs(self, profile: Profile) -> Iterator[tuple[RawColumns, Decimal, Decimal]]:
        """The rows that have both, with their credits and the number in the column."""
        if self.credits is None:
            return
        here, there = (references((each.name,), self.columns) for each in (self.credits, profile))
        marks = [decimal_mark(each.values) for each in (self.credits, profile)]
        for row in self.rows:
            try:
                credits = decimal_of(here.value(row), "it", marks[0])
                yield row, credits, decimal_of(there.value(row), "it", marks[1])
            except BadRow:
                continue

    def _is_spent(self, row: RawColumns) -> bool:
        return self.signs.of(row) < 0 and not any(map(names_payment, self.keys.values(row)))
