"""Database rows: those of one table, or of a query that is wrapped as a subquery, in one read-only snapshot."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from creditctl.sources.databases.catalogue import columns_by_table
from creditctl.sources.databases.database import Database, Snapshot, relation_of, select_from
from creditctl.sources.databases.opening import open_database
from creditctl.sources.databases.url import DatabaseUrl
from creditctl.sources.mapping.row_mapper import Habits
from creditctl.sources.reading.raw_rows import OtherTables, Pairs, RawRow, UpdatedSince

_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")


class DatabaseRows:
    """Rows of a database. Shape: either `table` or `query`; `row_security` as `open_database` says."""

    def __init__(
        self,
        url: DatabaseUrl,
        folder: Path,
        *,
        table: str | None = None,
        query: str | None = None,
        row_security: bool = False,
    ) -> None:
        self._url = url
        self._database = open_database(url, folder, row_security=row_security)
        self._relation = _subquery(query) if query is not None else relation_of(self._database, url, table or "")
        self.shown = f"{url.shown} ({table or 'a query'})"
        self.place = f"{url.shown} {url.schema or ''}".rstrip()

    @contextmanager
    def reading(self) -> Iterator[OpenDatabase]:
        """Opens a snapshot."""
        with self._database.reading() as snapshot:
            columns = snapshot.columns(self._relation)
            names = None if columns is None else tuple(columns)
            yield OpenDatabase(self._url, self._database, snapshot, self._relation, names)


@dataclass(frozen=True)
class OpenDatabase:
    """Rows of a database that is being read."""

    url: DatabaseUrl
    database: Database
    snapshot: Snapshot
    relation: str
    columns: Sequence[str] | None
    habits: Habits = field(default_factory=Habits)
    notes: Sequence[str] = ()

    @property
    def tables(self) -> OtherTables:
        """As OpenRows says."""
        return self

    def rows(self, wanted: Collection[str], since: UpdatedSince | None = None) -> Iterator[RawRow]:
        """As OpenRows says; a row without the time of its update is always read."""
        names = tuple(wanted)
        statement, values = select_from(self.database, self.relation, names), list[object]()
        if since is not None:
            column = self.database.quoted(since.column).replace("%", "%%")
            statement, values = f"{statement} WHERE {column} >= %s OR {column} IS NULL", [since.moment]
        for row in self.snapshot.rows(statement, values):
            yield RawRow(dict(zip(names, row, strict=True)), None)

    def pairs(self, query: str) -> Pairs:
        """As OpenRows says."""
        statement = f"SELECT * FROM {_subquery(query)}".replace("%", "%%")  # noqa: S608 - the user's own query
        yield from ((row[0], row[1]) for row in self.snapshot.rows(statement))

    def balances(self, table: str, user_id: str, column: str) -> Pairs:
        """As OpenRows says."""
        statement = select_from(self.database, relation_of(self.database, self.url, table), (user_id, column))
        yield from ((row[0], row[1]) for row in self.snapshot.rows(statement))

    def catalogue(self) -> Mapping[str, Sequence[str]]:
        """As OtherTables says."""
        return columns_by_table(self.url, self.snapshot)

    def look(self, table: str, columns: Sequence[str], most: int) -> Iterator[Sequence[object]]:
        """As OtherTables says."""
        statement = select_from(self.database, relation_of(self.database, self.url, table), columns)
        yield from self.snapshot.rows(f"{statement} LIMIT {most:d}")

    def query_of(self, table: str, columns: Sequence[str]) -> str:
        """As OtherTables says."""
        schema, _, name = table.rpartition(".")
        relation = ".".join(map(self.written, filter(None, (schema, name))))
        return f"select {', '.join(map(self.written, columns))} from {relation}"  # noqa: S608 - a proposal for a person

    def written(self, name: str) -> str:
        """As OtherTables says; a name is quoted only where it has to be."""
        return name if _PLAIN_NAME.fullmatch(name) else self.database.quoted(name)


def _subquery(query: str) -> str:
    return f"({query.strip().rstrip(';').strip()}\n) AS source_rows"
