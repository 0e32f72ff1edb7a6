"""Conditions: the small language of `where`, `when` and `livemode`; the same words for tables and files.

    status = 'completed' and deleted_at is null and metadata.provider in ('stripe', 'card') and credits > 0

As in SQL a comparison with a value that is not there holds for nothing, not even `!=`; an empty CSV cell is not there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from decimal import Decimal
from typing import TypeVar

from creditctl.core.errors import ConfigurationError
from creditctl.sources.mapping.columns import ColumnReference, RawColumns, reference
from creditctl.sources.values.bad_value import BadRow
from creditctl.sources.values.numbers import decimal_of
from creditctl.sources.values.texts import FLAGS, is_empty
from creditctl.sources.values.times import moment_of

Literal = str | Decimal | bool

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*')
    | (?P<quoted>"[^"]+"(?:\.\w+)*|`[^`]+`(?:\.\w+)*)
    | (?P<number>-?[0-9]+(?:\.[0-9]+)?)
    | (?P<sign><=|>=|<>|!=|=|<|>|\(|\)|,)
    | (?P<word>\w[\w.$-]*)
    )""",
    re.VERBOSE,
)
_COMPARED: Mapping[str, tuple[int | None, ...]] = {
    "=": (0,),
    "!=": (-1, 1, None),
    "<>": (-1, 1, None),
    "<": (-1,),
    "<=": (-1, 0),
    ">": (1,),
    ">=": (1, 0),
}
"""Which outcomes of a comparison fit a sign: less, equal, more; None where two values cannot be compared."""

_Ordered = TypeVar("_Ordered", str, Decimal, int)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison. Shape: `sign` is of `_COMPARED`, with several literals `in`; with none the value has to be null.

    With `negated` the opposite of `in` and of `is null`.
    """

    place: ColumnReference
    sign: str
    literals: tuple[Literal, ...]
    negated: bool = False

    def holds(self, row: RawColumns, zone: tzinfo) -> bool:
        """Whether a row fits."""
        value = self.place.value(row)
        if not self.literals:
            return is_empty(value) is not self.negated
        if is_empty(value):
            return False
        fitting = _COMPARED[self.sign]
        return any(_compared(value, literal, zone) in fitting for literal in self.literals) is not self.negated


@dataclass(frozen=True, slots=True)
class Condition:
    """Comparisons that have to hold together. Shape: none at all holds for every row."""

    comparisons: tuple[Comparison, ...] = ()
    zone: tzinfo = UTC

    def holds(self, row: RawColumns) -> bool:
        """Whether a row fits."""
        return all(each.holds(row, self.zone) for each in self.comparisons)


def parse_condition(text: str, available: Collection[str] | None, zone: tzinfo = UTC) -> Condition:
    """A condition from its text. Errors: ConfigurationError for what is none, or a column that is not there."""
    return Condition(tuple(_Parser(text, available).comparisons()), zone)


def is_condition(text: str) -> bool:
    """Whether a text compares something, rather than naming a place."""
    return re.search(r"[=<>]|\s(?:is|in|not)\s", text, re.IGNORECASE) is not None


def _compared(value: object, literal: Literal, zone: tzinfo) -> int | None:
    """Compares by what the literal is: a number, true or false, a time beside a time, else a text."""
    try:
        if isinstance(literal, bool) or isinstance(value, bool):
            return _flags_compared(value, literal)
        if isinstance(literal, Decimal) or isinstance(value, int | float | Decimal):
            return _sign(decimal_of(value, "it"), decimal_of(literal, "it"))
        if isinstance(value, date):
            return _sign(moment_of(value, "it", zone).seconds, moment_of(literal, "it", zone).seconds)
    except BadRow:
        return None
    return _sign(str(value).strip(), literal)


def _flags_compared(value: object, literal: object) -> int | None:
    flags = [FLAGS.get(str(each).strip().lower()) for each in (value, literal)]
    return None if None in flags else _sign(int(flags[0] is True), int(flags[1] is True))


def _sign(left: _Ordered, right: _Ordered) -> int:
    return (left > right) - (left < right)


class _Parser:
    """Parser of one condition, from left to right."""

    def __init__(self, text: str, available: Collection[str] | None) -> None:
        self._text = text
        self._available = available
        self._tokens = list(self._split())
        self._at = 0

    def comparisons(self) -> Iterator[Comparison]:
        """Every comparison, parted by `and`."""
        yield self._comparison()
        while self._at < len(self._tokens):
            self._expect("and")
            yield self._comparison()

    def _split(self) -> Iterator[tuple[str, str]]:
        at, text = 0, self._text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise self._fault(f"at {text[at:].strip()[:20]!r}")
            yield match.lastgroup or "", match[0].strip()
            at = match.end()

    def _comparison(self) -> Comparison:
        place = self._place()
        if self._take("is"):
            negated = self._take("not")
            self._expect("null")
            return Comparison(place, "=", (), negated)
        negated = self._take("not")
        if self._take("in"):
            return Comparison(place, "=", tuple(self._list()), negated)
        kind, sign = self._next()
        if kind != "sign" or sign not in _COMPARED or negated:
            raise self._fault(f"after {place}: one of {', '.join(_COMPARED)}, in, not in, is null is needed")
        return Comparison(place, sign, (self._literal(),))

    def _place(self) -> ColumnReference:
        kind, text = self._next()
        if kind == "quoted":
            name, _, path = text[1:].partition(text[0])
            return reference(f"{name}{path}", self._available)
        if kind != "word":
            raise self._fault(f"at {text!r}: a column or a path is needed")
        return reference(text, self._available)

    def _list(self) -> Iterator[Literal]:
        self._expect("(")
        yield self._literal()
        while self._take(","):
            yield self._literal()
        self._expect(")")

    def _literal(self) -> Literal:
        kind, text = self._next()
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return Decimal(text)
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
        raise self._fault(f"at {text!r}: a text in single quotes, a number, true or false is needed")

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise self._fault("at its end: something is missing")
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at][1].lower() == word:
            self._at += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise self._fault(f"{word!r} is needed where it goes on")

    def _fault(self, what: str) -> ConfigurationError:
        return ConfigurationError(
            f"The condition {self._text!r} cannot be read {what}.",
            code="source.condition",
            fix="It is a column or path, then =, !=, <, <=, >, >=, in (…), is null or is not null; several with and.",
        )
