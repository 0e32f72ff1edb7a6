"""Profile of a column: what its values are, from a sample of rows; paths into JSON count as columns. Pure."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from creditctl.core.stripe_ids import IdKind, id_kind
from creditctl.sources.mapping.columns import RawColumns
from creditctl.sources.mapping.payment_names import key_texts, payment_names
from creditctl.sources.values.bad_value import BadRow
from creditctl.sources.values.numbers import COMMA, decimal_of
from creditctl.sources.values.texts import FLAGS, is_empty
from creditctl.sources.values.times import moment_of

MOST_WORDS = 40
"""How many different values a column of words has at most."""

_DEEPEST = 3
_NO_LIST = "[]"
_EARLIEST, _LATEST = 1_262_304_000, 4_102_444_800
"""2010 and 2100: no payment on Stripe is of another time."""


@dataclass
class Profile:
    """What the values of one place are. Shape: `values` are those that are not empty; `rows` how many there were."""

    name: str
    rows: int = 0
    values: list[object] = field(default_factory=list)

    @property
    def filled(self) -> int:
        """How many rows have a value."""
        return len(self.values)

    @property
    def distinct(self) -> bool:
        """Whether every row has a value of its own."""
        texts = [str(value) for value in self.values]
        return 0 < self.rows == len(set(texts))

    @property
    def words(self) -> Counter[str]:
        """Its values as words, with how often each comes; empty where there are too many."""
        found = Counter(str(value).strip() for value in self.values)
        return found if len(found) <= MOST_WORDS else Counter()

    def share(self, fits: Callable[[object], bool]) -> float:
        """Which part of its values fits, from 0 to 1."""
        return sum(map(fits, self.values)) / self.filled if self.values else 0.0


def profiles_of(rows: Sequence[RawColumns], columns: Sequence[str]) -> dict[str, Profile]:
    """The profile of every column, and of every path into those that hold JSON."""
    found: dict[str, Profile] = {name: Profile(name) for name in columns}
    nested: dict[str, list[object]] = defaultdict(list)
    for row in rows:
        for name, value in row.items():
            inner = _json_object(value)
            if inner is not None:
                for path, each in _paths(inner, name, 1):
                    nested[path].append(each)
            elif name in found and not is_empty(value) and value != [] and value != _NO_LIST:
                found[name].values.append(value)
    found |= {path: Profile(path, values=values) for path, values in nested.items() if path not in found}
    for profile in found.values():
        profile.rows = len(rows)
    return found


def is_number(value: object) -> bool:
    """Whether a value is a number, whatever its decimal mark."""
    try:
        decimal_of(value, "it", COMMA)
    except BadRow:
        return False
    return True


def is_time(value: object) -> bool:
    """Whether a value is a time since Stripe exists."""
    if isinstance(value, date):
        return True
    try:
        return _EARLIEST < moment_of(value, "it").seconds < _LATEST
    except BadRow:
        return False


def names_payment(value: object) -> bool:
    """Whether an id of Stripe's stands in a value that leads to a payment."""
    may = isinstance(value, str | bytes | bytearray | list)
    return may and id_kind(payment_names(key_texts(value)).payment or "") in (
        IdKind.PAYMENT_INTENT, IdKind.SESSION, IdKind.CHARGE, IdKind.REFUND, IdKind.DISPUTE,
    )  # fmt: skip


def is_flag(value: object) -> bool:
    """Whether a value is true or false."""
    return isinstance(value, bool) or str(value).strip().lower() in FLAGS


def _json_object(value: object) -> Mapping[str, object] | None:
    if isinstance(value, dict):
        return value
    if not isinstance(value, str) or not value.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(value)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _paths(value: Mapping[str, object], before: str, depth: int) -> Iterator[tuple[str, object]]:
    for key, each in value.items():
        path = f"{before}.{key}"
        if isinstance(each, dict) and depth < _DEEPEST:
            yield from _paths(each, path, depth + 1)
        elif not isinstance(each, dict) and not is_empty(each) and (not isinstance(each, list) or names_payment(each)):
            yield path, each
