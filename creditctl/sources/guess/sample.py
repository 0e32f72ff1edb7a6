"""Sample of rows for a guess: the first ones, and of the rest each that shows something new. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from itertools import islice

from creditctl.sources.guess.profile import MOST_WORDS, names_payment
from creditctl.sources.reading.raw_rows import RawRow

MOST_ROWS = 5000
"""How many rows a proposal is made from at most."""

MOST_READ = 500_000
"""How many rows are gone through for them: a kind that came late is in none of the first rows."""

_FIRST = 2500


def sample_of(rows: Iterable[RawRow]) -> list[RawRow]:
    """The first rows, and later ones with a word, a form of number or a payment that none before them has.

    Shape: rows that name payments are rare among those of usage, so that half of the places are kept for them.
    """
    seen: defaultdict[str, set[object]] = defaultdict(set)
    found: list[RawRow] = []
    for number, row in enumerate(islice(rows, MOST_READ)):
        news = _is_news(row, seen)
        if len(found) < MOST_ROWS and (number < _FIRST or news or any(map(names_payment, row.columns.values()))):
            found.append(row)
    return found


def _is_news(row: RawRow, seen: defaultdict[str, set[object]]) -> bool:
    """Whether a column shows a word or a form that it did not show before; too many words are none."""
    news = False
    for name, value in row.columns.items():
        forms = seen[name]
        if len(forms) <= MOST_WORDS and (form := _form(value)) not in forms:
            forms.add(form)
            news = True
    return news


def _form(value: object) -> object:
    if isinstance(value, Decimal):
        return value.as_tuple().exponent
    if isinstance(value, str | bool):
        return value
    return (type(value), value > 0) if isinstance(value, int | float) else type(value)
