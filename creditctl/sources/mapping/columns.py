"""Column references: a column by its exact name, or a path into a column that holds JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from creditctl.core.errors import ConfigurationError
from creditctl.sources.values.texts import is_empty

RawColumns = Mapping[str, object]
"""One row of an application, by the names of its columns."""


@dataclass(frozen=True, slots=True)
class ColumnReference:
    """Where in a row a value stands. Shape: `path` leads on inside the JSON of the column; empty for the column."""

    column: str
    path: tuple[str, ...] = ()

    def value(self, row: RawColumns) -> object:
        """What stands there; None where the row has none."""
        found = row.get(self.column)
        for name in self.path:
            found = _inside(_opened(found), name)
        return found

    def __str__(self) -> str:
        return ".".join((self.column, *self.path))


@dataclass(frozen=True, slots=True)
class FirstFilled:
    """Several places for one value: the first that is neither null nor empty counts."""

    places: tuple[ColumnReference, ...] = ()

    def value(self, row: RawColumns) -> object:
        """The first value that there is; None where all are empty."""
        if len(self.places) == 1:
            value = self.places[0].value(row)
            return None if is_empty(value) else value
        return next((value for place in self.places if not is_empty(value := place.value(row))), None)

    def values(self, row: RawColumns) -> list[object]:
        """Every value that is not empty, in order."""
        return [value for place in self.places if not is_empty(value := place.value(row))]


def reference(text: str, available: Collection[str] | None) -> ColumnReference:
    """The place that a text names. Shape: None for `available` where the columns are not known before they are read.

    Errors: ConfigurationError where there is no such column.
    """
    parts = text.split(".")
    if available is None:
        return ColumnReference(parts[0], tuple(parts[1:]))
    for end in range(len(parts), 0, -1):
        name = _named(".".join(parts[:end]), available)
        if name is not None:
            return ColumnReference(name, tuple(parts[end:]))
    raise ConfigurationError(
        f"The source has no column {text!r}.",
        code="source.column",
        fix=f"Correct it in [source]. There are: {', '.join(available) or 'none'}.",
    )


def references(texts: Sequence[str], available: Collection[str] | None) -> FirstFilled:
    """The places of one value. Shape: one that a recipe marks with `?` may be absent. Errors: as `reference`."""
    found = (optional(text, available) if is_optional(text) else reference(text, available) for text in texts)
    return FirstFilled(tuple(place for place in found if place is not None))


def is_optional(text: str) -> bool:
    """Whether a place may be absent, as a recipe marks it."""
    return text.endswith("?")


def optional(text: str, available: Collection[str] | None) -> ColumnReference | None:
    """A place that may be absent: its exact name, or a path into a column that there is."""
    name = text.removesuffix("?")
    if available is None:
        return None
    if name in available:
        return ColumnReference(name)
    column, *path = name.split(".")
    return ColumnReference(column, tuple(path)) if path and column in available else None


def _named(name: str, available: Collection[str]) -> str | None:
    """The column of that exact name, else the only one that differs in its case."""
    if name in available:
        return name
    alike = [each for each in available if each.lower() == name.lower()]
    return alike[0] if len(alike) == 1 else None


def _opened(value: object) -> object:
    """What a column holds: JSON is read where it is text, also where it was written as JSON within JSON."""
    for _ in range(2):
        if not isinstance(value, str | bytes | bytearray):
            break
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return value


def _inside(value: object, name: str) -> object:
    if isinstance(value, dict):
        return value.get(name)
    if isinstance(value, list) and name.isascii() and name.isdigit() and int(name) < len(value):
        return value[int(name)]
    return None
