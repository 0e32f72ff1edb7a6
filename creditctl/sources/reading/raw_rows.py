"""Raw rows: the interface of what an application's rows are read from, and one open source of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from creditctl.sources.mapping.columns import RawColumns
from creditctl.sources.mapping.row_mapper import Habits


class RawRow(NamedTuple):
    """One row of an application. Shape: `line` in a file, None in a database."""

    columns: RawColumns
    line: int | None


class UpdatedSince(NamedTuple):
    """From when on rows are wanted. Shape: `moment` is of the type that the column has."""

    column: str
    moment: object


Pairs = Iterator[tuple[object, object]]
"""Rows of two columns."""


class OtherTables(Protocol):
    """What else can be asked of a database that is being read, in the same moment."""

    def pairs(self, query: str) -> Pairs:
        """The rows of another query of two columns."""

    def balances(self, table: str, user_id: str, column: str) -> Pairs:
        """Two columns of another table."""

    def catalogue(self) -> Mapping[str, Sequence[str]]:
        """The tables that there are, with their columns."""

    def look(self, table: str, columns: Sequence[str], most: int) -> Iterator[Sequence[object]]:
        """Some rows of another table."""

    def query_of(self, table: str, columns: Sequence[str]) -> str:
        """The query for some columns of another table, as a person would write it into the settings."""

    def written(self, name: str) -> str:
        """A name as a person would write it in a query."""


class OpenRows(Protocol):
    """Rows that are being read, all of one moment."""

    @property
    def columns(self) -> Sequence[str] | None:
        """The columns that there are, None where that is not known before they are read."""

    @property
    def habits(self) -> Habits:
        """How numbers and dates are written."""

    @property
    def notes(self) -> Sequence[str]:
        """Sentences about the reading."""

    @property
    def tables(self) -> OtherTables | None:
        """The database around the rows; None in a file."""

    def rows(self, wanted: Collection[str], since: UpdatedSince | None = None) -> Iterator[RawRow]:
        """The rows with these columns, or those of them that were updated since."""


class RawRows(Protocol):
    """Where an application's rows come from. Shape: `shown` names it without secrets."""

    @property
    def shown(self) -> str:
        """Its name in messages."""

    @property
    def place(self) -> str:
        """The database or the file, whatever of it is read: whose users its users are."""

    def reading(self) -> AbstractContextManager[OpenRows]:
        """Opens it. Errors: Unreachable, ConfigurationError."""
