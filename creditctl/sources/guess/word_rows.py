"""Rows of a word: how many name a payment, and how many give or take. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from creditctl.sources.guess.directions import RowSigns
from creditctl.sources.guess.profile import names_payment
from creditctl.sources.mapping.columns import FirstFilled, RawColumns
from creditctl.sources.values.texts import is_empty

_HALF = 0.5


class RowSide(NamedTuple):
    """On which side a row stands. Shape: `sign` is 1 for one that gives, -1 for one that takes, 0 for neither."""

    paid: bool
    sign: int


@dataclass
class WordRows:
    """The rows of one word, by the side on which they stand."""

    sides: Counter[RowSide] = field(default_factory=Counter)

    def count(self, *, paid: bool | None = None, sign: int | None = None) -> int:
        """How many rows stand on a side; None for either."""
        fits = (
            number
            for side, number in self.sides.items()
            if paid in (None, side.paid) and sign in (None, side.sign)
        )  # fmt: skip
        return sum(fits)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.sides.total()

    @property
    def mostly_paid(self) -> bool:
        """Whether most name a payment of Stripe's."""
        return self.count(paid=True) > _HALF * self.rows

    @property
    def mostly_negative(self) -> bool:
        """Whether most take credits."""
        return self.count(sign=-1) > self.count(sign=1)

    @property
    def mixed(self) -> int:
        """How many rows are on the lesser side of naming a payment or not."""
        return min(self.count(paid=True), self.count(paid=False))


def rows_by_word(
    rows: Sequence[RawColumns], word: FirstFilled, keys: FirstFilled, signs: RowSigns
) -> Mapping[str, WordRows]:
    """The rows of each word, in order of their words."""
    found: defaultdict[str, WordRows] = defaultdict(WordRows)
    for row in rows:
        value = word.value(row)
        if not is_empty(value):
            found[str(value).strip()].sides[RowSide(any(map(names_payment, keys.values(row))), signs.of(row))] += 1
    return dict(sorted(found.items()))
