"""Database source: rows to import from one table, read by the reader of all sources, in the order of their id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from creditctl.core.errors import UsageError
from creditctl.sources.databases.database import MissingTable, relation_of, select_from
from creditctl.sources.databases.opening import open_database
from creditctl.sources.databases.url import parse_url
from creditctl.sources.guess.tables import table_names
from creditctl.sources.mapping.conditions import Condition, parse_condition
from creditctl.sources.source import REQUIRED_FIELDS, ColumnMap, ColumnSelection, RawRow, source_name


class DatabaseSource:
    """Source of rows from one table of an application, in order of its id.

    Shape:  `table` may name its schema; only rows for which `where` holds are read. A relative SQLite file lies in
            `folder`. Rows come from one snapshot; nothing can be written through it. Whether a row fits a condition may
            change, so that with one everything is read each time.
    Errors: UsageError for a URL, table or column that is not there; Unreachable where the database fails.
    """

    row_field: str | None = "id"

    def __init__(
        self,
        url: str,
        table: str,
        columns: ColumnMap,
        *,
        where: str | None = None,
        name: str | None = None,
        folder: Path | None = None,
    ) -> None:
        self._url = parse_url(url)
        self._folder = folder or Path()
        self._table = table
        self._database = open_database(self._url, self._folder)
        self._relation = relation_of(self._database, self._url, table)
        self.shown = self._url.shown
        self.name = source_name(name or self._default_name(), given=name is not None)
        self._prepare(columns, where)

    @property
    def sqlite_file(self) -> Path | None:
        """The file that is read, where the database is one."""
        return getattr(self._database, "path", None)

    def rows(self, after: int | None = None) -> Iterator[RawRow]:
        """All rows, or those with an id above `after`."""
        own_id, used = self._selection.columns[0], self._used  # `id` is the first of FIELDS
        quoted = self._database.quoted(own_id).replace("%", "%%")
        from_there = after is not None and self.numbered
        bound = f" WHERE {quoted} > %s" if from_there else ""
        statement = f"{select_from(self._database, self._relation, used)}{bound} ORDER BY {quoted}"
        count, complete = len(self._selection.columns), self._selection.complete
        with self._database.reading() as snapshot:
            for row in snapshot.rows(statement, [after] if from_there else ()):
                if self._where is None or self._where.holds(dict(zip(used, row, strict=True))):
                    yield f"{own_id} {row[0]}", complete(row[:count])

    def _default_name(self) -> str:
        return f"{Path(self._url.database or self._url.backend).stem}.{self._table.rpartition('.')[2]}"

    def _prepare(self, columns: ColumnMap, where: str | None) -> None:
        """Looks at the table's columns, and decides which are read and whether its ids are numbers."""
        types = self._types(columns)
        self._selection: ColumnSelection = columns.pick(list(types), f"The table {self._table}")
        self.ignored = self._selection.ignored
        self.corrects = self._selection.corrects
        if self._selection.row_field != "id":
            raise UsageError(
                f"The table {self._table} has no column for: id, which tells its rows apart.",
                code="import.column",
                fix=f"Say which it is with --map id=theirs. There are: {', '.join(types)}.",
            )
        self._where: Condition | None = None if where is None else parse_condition(where, list(types))
        compared = () if self._where is None else (each.place.column for each in self._where.comparisons)
        self._used = (*self._selection.columns, *dict.fromkeys(compared))
        self.numbered = types[self._selection.columns[0]] and self._where is None

    def _types(self, columns: ColumnMap) -> Mapping[str, bool]:
        """The table's columns, and of each whether it holds whole numbers.

        Shape: where this user may not look at all of them, those that are named, and those that every import needs.
        """
        try:
            with self._database.reading() as snapshot:
                return snapshot.columns(self._relation) or _needed(columns)
        except MissingTable:
            names = table_names(self._url, self._folder)
            raise UsageError(
                f"{self.shown} has no table {self._table!r}.",
                code="import.table",
                fix=f"Name it with --table. There are: {', '.join(names[:20]) or 'none'}.",
            ) from None


def _needed(columns: ColumnMap) -> Mapping[str, bool]:
    usual = (name for name in ("id", *REQUIRED_FIELDS) if name not in columns.renamed and name not in columns.constants)
    return dict.fromkeys((*columns.renamed.values(), *usual), False)
