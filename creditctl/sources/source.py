"""Source of an import: its interface, the fields of a row, and the map from the application's columns to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from creditctl.core.errors import UsageError
from creditctl.sources.values.bad_value import BadRow

FIELDS = (
    "id",
    "created",
    "user_id",
    "kind",
    "credits",
    "amount",
    "currency",
    "payment_key",
    "package",
    "livemode",
    "idempotency_key",
    "source_event",
    "note",
    "session_id",
    "object_id",
    "corrects",
)
"""What an imported row can say; a source hands the values out in this order."""

REQUIRED_FIELDS = ("created", "user_id", "kind", "credits", "amount", "currency", "payment_key", "livemode")
"""What every source must have a column (or one value for all) for; the values themselves may be empty."""

_ROW_FIELDS = ("id", "idempotency_key")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9._-]+")


RawRow = tuple[int | str, Sequence[Any] | BadRow]
"""Where a row stands (the line of a file, the id in a table), and its values in the order of FIELDS."""


class Source(Protocol):
    """Interface of a source: an application's rows, read as a stream, again from the start if need be."""

    name: str
    """Stands in the idempotency keys: the same name means the same rows."""

    row_field: str | None
    """The field that tells rows apart, `id` or `idempotency_key`; None where that is the line's number."""

    ignored: tuple[str, ...]
    """The columns that nothing is taken from."""

    numbered: bool
    """Whether rows come in order of a whole number, so that reading can go on after one."""

    corrects: bool
    """Whether rows can say which other row they correct."""

    def rows(self, after: int | None = None) -> Iterator[RawRow]:
        """All rows, or those with an id above `after` where the source is numbered."""
        ...


@dataclass(frozen=True, slots=True)
class ColumnSelection:
    """Selection of columns: which of a source's columns become which field.

    Shape: `names` are the source's names in the order of FIELDS, None where it has none; `constants` likewise the
           values that stand for every row.
    """

    names: tuple[str | None, ...]
    constants: tuple[str | None, ...]
    row_field: str | None
    ignored: tuple[str, ...]

    def complete(self, picked: Iterable[Any]) -> tuple[Any, ...]:
        """A row of FIELDS from the values of `columns`."""
        values = iter(picked)
        pairs = zip(self.names, self.constants, strict=True)
        return tuple(constant if name is None else next(values) for name, constant in pairs)

    @property
    def corrects(self) -> bool:
        """Whether rows can say which other row they correct."""
        return self.names[FIELDS.index("corrects")] is not None

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the source's columns that are used, in the order of FIELDS."""
        return tuple(name for name in self.names if name is not None)


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Column map: how an application's columns are called, and what it says once for all rows.

    Shape: `renamed` maps our names to theirs, `constants` our names to one value.
    """

    renamed: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, renamed: Sequence[str] = (), constants: Sequence[str] = ()) -> ColumnMap:
        """A map from texts like `user_id=customer` and `currency=usd`.

        Errors: UsageError for a text of another shape, or a name of ours that does not exist or comes twice.
        """
        columns, values = (_pairs(renamed, "--map"), _pairs(constants, "--set"))
        for name in (*columns, *values):
            if name not in FIELDS:
                raise UsageError(
                    f"{name!r} is no column of a ledger import.",
                    code="import.column",
                    fix=f"Ours stands first, as in --map user_id=customer. Ours are: {', '.join(FIELDS)}.",
                )
        both = sorted(columns.keys() & values.keys())
        if both:
            raise UsageError(f"{both[0]} is both mapped and set.", code="import.column", fix="Leave one out.")
        return cls(columns, values)

    def pick(self, available: Sequence[str], where: str) -> ColumnSelection:
        """Decides which columns are used.

        Errors: UsageError where one that was named, or one that is needed, is not there.
        """
        for ours, theirs in self.renamed.items():
            if theirs not in available:
                raise _no_column(f"{where} has no column {theirs!r} (named for {ours}).", available)
        names = tuple(self._name_of(ours, available) for ours in FIELDS)
        found = dict(zip(FIELDS, names, strict=True))
        missing = [ours for ours in REQUIRED_FIELDS if found[ours] is None and ours not in self.constants]
        if missing:
            raise _no_column(f"{where} has no column for: {', '.join(missing)}.", available)
        used = {name for name in names if name is not None}
        return ColumnSelection(
            names=names,
            constants=tuple(self.constants.get(ours) for ours in FIELDS),
            row_field=next((ours for ours in _ROW_FIELDS if found[ours] is not None), None),
            ignored=tuple(name for name in available if name not in used),
        )

    def _name_of(self, ours: str, available: Sequence[str]) -> str | None:
        """The column for one of our names: as mapped, else the one that is called the same and not used otherwise."""
        if ours in self.constants:
            return None
        if ours in self.renamed:
            return self.renamed[ours]
        return ours if ours in available and ours not in self.renamed.values() else None


def _pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or name.strip() in pairs:
            raise UsageError(
                f"{option} {text!r} is not ours=value, or comes twice.",
                code="import.column",
                fix="For example --map user_id=customer, or --set currency=usd.",
            )
        pairs[name.strip()] = value.strip()
    return pairs


def _no_column(message: str, available: Sequence[str]) -> UsageError:
    return UsageError(
        message,
        code="import.column",
        fix="Say which column it is with --map ours=theirs, or one value for all rows with --set ours=value. "
        f"There are: {', '.join(available) or 'none'}.",
    )


def source_name(text: str, *, given: bool) -> str:
    """A name as it may stand in idempotency keys. Shape: `given` by a person, else derived and cleaned.

    Errors: UsageError for one that was given and does not fit.
    """
    name = text if given else _NOT_IN_NAME.sub("_", text).strip("_.-")[:100]
    if _NAME.fullmatch(name) is None:
        raise UsageError(
            f"{text!r} cannot name the source of an import.",
            code="import.name",
            fix="Give it a name of letters, digits, dots, dashes and underscores with --name.",
        )
    return name
