"""Directions of rows: whether they give or take, by the sign of a number, or by a word beside it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from creditctl.sources.guess.profile import Profile
from creditctl.sources.mapping.columns import FirstFilled, RawColumns, references
from creditctl.sources.values.bad_value import BadRow
from creditctl.sources.values.numbers import decimal_of

_GIVING = ("credit", "cr", "in", "inbound", "incoming", "deposit", "add", "added", "plus", "+", "increase", "earn",
           "earned", "grant", "received")  # fmt: skip
_TAKING = ("debit", "dr", "db", "out", "outbound", "outgoing", "withdraw", "withdrawal", "subtract", "deduct", "minus",
           "-", "decrease", "spend", "spent", "consume", "consumed", "sent")  # fmt: skip
DIRECTIONS: Mapping[str, int] = {**dict.fromkeys(_GIVING, 1), **dict.fromkeys(_TAKING, -1)}
"""Words that say no more than whether a row gives (1) or takes (-1)."""


@dataclass(frozen=True)
class RowSigns:
    """How rows say whether they give or take. Shape: `words` are those of `column`, empty where numbers have signs."""

    number: str | None
    credits: FirstFilled
    column: str | None = None
    words: Mapping[str, int] = field(default_factory=dict)
    told: bool = False
    """Whether anything tells what gives from what takes."""

    @property
    def by_word(self) -> bool:
        """Whether numbers have no signs, and a word beside them says it."""
        return self.column is not None

    def of(self, row: RawColumns) -> int:
        """1 for a row that gives, -1 for one that takes, 0 where it says nothing."""
        sign = _sign_of(self.credits.value(row))
        return sign if self.column is None else abs(sign) * self.words.get(str(row.get(self.column)).strip(), 0)

    def condition(self, sign: int) -> str:
        """The condition of the settings for rows that give, or that take."""
        if self.column is None:
            return f"{self.number} {'>' if sign > 0 else '<'} 0"
        words = [f"'{word}'" for word, direction in sorted(self.words.items()) if direction == sign]
        return f"{self.column} = {words[0]}" if len(words) == 1 else f"{self.column} in ({', '.join(words)})"


def signs_of(
    rows: Sequence[RawColumns], profiles: Mapping[str, Profile], columns: Sequence[str], credits: str | None
) -> RowSigns:
    """How some rows say whether they give or take. Shape: `credits` is the place of their numbers, None for none."""
    place = FirstFilled() if credits is None else references((credits,), columns)
    if any(_sign_of(place.value(row)) < 0 for row in rows):
        return RowSigns(credits, place, told=True)
    found = _direction(profiles[name] for name in columns if name in profiles)
    if found is None:
        return RowSigns(credits, place)
    return RowSigns(credits, place, found.name, {word: DIRECTIONS[word.lower()] for word in found.words}, told=True)


def _direction(profiles: Iterable[Profile]) -> Profile | None:
    """The column that says of every row whether it gives or takes, and of some each."""
    return next((each for each in profiles if each.filled == each.rows and _is_direction(each)), None)


def _is_direction(profile: Profile) -> bool:
    words = [word.lower() for word in profile.words]
    return {DIRECTIONS.get(word) for word in words} == {1, -1}


def _sign_of(value: object) -> int:
    try:
        number = decimal_of(value, "credits")
    except BadRow:
        return 0
    return (number > 0) - (number < 0)
