"""Database of an application: the interface of its reader, and its errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from creditctl.core.errors import Unreachable
from creditctl.sources.databases.url import DatabaseUrl

ROWS_AT_ONCE = 2000
CONNECT_SECONDS = 10

Values = Sequence[object]


class Snapshot(Protocol):
    """One moment of a database, in which it is read: whatever is written meanwhile is not seen."""

    def columns(self, relation: str) -> Mapping[str, bool] | None:
        """The columns of a table or subquery, each with whether it holds whole numbers.

        Shape: None where this user may not look at all of them, but perhaps at some.
        """

    def rows(self, statement: str, values: Values = ()) -> Iterator[Values]:
        """The rows of a SELECT, as a stream. Shape: `%s` in the statement stands for a value, `%%` for a percent."""


class Database(Protocol):
    """A database that can be read."""

    shown: str

    def quoted(self, name: str) -> str:
        """A name as it stands in a statement, so that it means exactly itself."""

    def reading(self) -> AbstractContextManager[Snapshot]:
        """A read-only transaction. Errors: Unreachable where the database fails."""


class MissingTable(Unreachable):
    """A table that is not there, or that this user may not see."""


def failed(url: DatabaseUrl, error: BaseException, *, no_table: bool = False) -> Unreachable:
    """The error of a database that fails, in its driver's words without secrets."""
    return (MissingTable if no_table else Unreachable)(
        f"The database {url.shown} failed: {url.without_secrets(str(error))}",
        code="import.database",
        fix="Check the URL, that the database runs, and that its user may SELECT from the table.",
    )


def relation_of(database: Database, url: DatabaseUrl, table: str) -> str:
    """A table as it stands in a statement. Shape: `schema.table`, or the URL's schema where the name has none."""
    schema, _, name = table.rpartition(".")
    schema = schema or url.schema or ""
    parts = [part.strip('"`') for part in (schema, name) if part]
    return ".".join(database.quoted(part) for part in parts)


def select_from(database: Database, relation: str, columns: Sequence[str]) -> str:
    """A statement that reads columns of a table or subquery."""
    names = ", ".join(map(database.quoted, columns))
    return f"SELECT {names} FROM {relation}".replace("%", "%%")  # noqa: S608 - every name is quoted
