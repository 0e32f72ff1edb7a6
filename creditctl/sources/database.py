"""Database source: rows to import from a table in SQLite, PostgreSQL or MySQL, read-only and streamed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from creditctl.core.errors import ConfigurationError, Unreachable, UsageError
from creditctl.sources.source import ColumnMap, ColumnSelection, RawRow, source_name

if TYPE_CHECKING:
    from sqlalchemy import ColumnClause, Connection, Engine
    from sqlalchemy.engine import URL

_DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}
_ROWS_AT_ONCE = 2000
_CONNECT_SECONDS = 10
_HIGHEST_PORT = 65_535
_SHORTEST_HIDDEN = 4
"""A query's value below this length is a switch, such as `1`, and would be cut out of other words."""


class DatabaseSource:
    """Source of rows from one table of an application, in order of its id.

    Shape:  `close` it. A relative SQLite file is looked for in `folder`. Rows come from one snapshot; nothing can be
            written through it: SQLite is opened read-only, PostgreSQL and MySQL get a read-only transaction.
    Errors: UsageError for a URL, table or column that is not there; Unreachable where the database fails.
    """

    row_field: str | None = "id"

    def __init__(
        self, url: str, table: str, columns: ColumnMap, *, name: str | None = None, folder: Path | None = None
    ) -> None:
        self._url = _within(_parsed(url), folder)
        self.shown = _shown(self._url)
        self._schema, _, self._table = table.rpartition(".")
        self.name = source_name(name or self._default_name(), given=name is not None)
        self._engine = _engine(self._url)
        try:
            self._prepare(columns)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Closes all connections."""
        self._engine.dispose()

    @property
    def sqlite_file(self) -> Path | None:
        """The file that is read, where the database is one."""
        return Path(str(self._url.database)) if self._url.get_backend_name() == "sqlite" else None

    def rows(self, after: int | None = None) -> Iterator[RawRow]:
        """All rows, or those with an id above `after`."""
        from sqlalchemy import column, select, table

        own_id = self._selection.columns[0]  # `id` is the first of FIELDS
        names: list[ColumnClause[Any]] = [column(name) for name in self._selection.columns]
        query = select(*names).select_from(table(self._table, *names, schema=self._schema or None)).order_by(names[0])
        if after is not None and self.numbered:
            query = query.where(column(own_id) > after)
        complete = self._selection.complete
        with self._reading() as connection:
            options = {"stream_results": True, "yield_per": _ROWS_AT_ONCE}
            for page in connection.execution_options(**options).execute(query).partitions():
                for row in page:
                    yield f"{own_id} {row[0]}", complete(row)

    def _default_name(self) -> str:
        database = self._url.database or self._url.get_backend_name()
        return f"{Path(database).stem}.{self._table}"

    def _prepare(self, columns: ColumnMap) -> None:
        """Looks at the table's columns, and decides which are read and whether its ids are numbers."""
        types = self._types()
        self._selection: ColumnSelection = columns.pick(list(types), f"The table {self._table}")
        self.ignored = self._selection.ignored
        self.corrects = self._selection.corrects
        if self._selection.row_field != "id":
            raise UsageError(
                f"The table {self._table} has no column for: id, which tells its rows apart.",
                code="import.column",
                fix=f"Say which it is with --map id=theirs. There are: {', '.join(types)}.",
            )
        self.numbered = types[self._selection.columns[0]]

    def _types(self) -> dict[str, bool]:
        """The table's columns, and of each whether it holds whole numbers."""
        from sqlalchemy import Integer, inspect
        from sqlalchemy.exc import NoSuchTableError

        with self._reading() as connection:
            inspector = inspect(connection)
            try:
                found = inspector.get_columns(self._table, schema=self._schema or None)
            except NoSuchTableError:
                tables = inspector.get_table_names(schema=self._schema or None)
                raise UsageError(
                    f"{self.shown} has no table {self._table!r}.",
                    code="import.table",
                    fix=f"Name it with --table. There are: {', '.join(tables[:20]) or 'none'}.",
                ) from None
            return {each["name"]: isinstance(each["type"], Integer) for each in found}

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """A connection that reads one snapshot and can write nothing."""
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with self._engine.connect() as connection:
                _forbid_writes(connection)
                yield connection
        except SQLAlchemyError as error:
            raise Unreachable(
                f"The database {self.shown} failed: {self._words(error)}",
                code="import.database",
                fix="Check the URL, that the database runs, and that its user may SELECT from the table.",
            ) from error

    def _words(self, error: Exception) -> str:
        """What the driver said, in one line, without any value of the URL that is not shown either."""
        said = " ".join(str(getattr(error, "orig", None) or error).split())
        for hidden in _hidden_values(self._url):
            said = said.replace(hidden, "***")
        return said


def _forbid_writes(connection: Connection) -> None:
    """Opens a read-only transaction: the server refuses writes, and shows one moment of the table to the end.

    Source: PostgreSQL documentation, "SET TRANSACTION"; MySQL Reference Manual, "SET TRANSACTION Statement".
    """
    from sqlalchemy import text

    backend = connection.dialect.name
    if backend == "postgresql":
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    elif backend in ("mysql", "mariadb"):
        connection.execute(text("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"))


def _parsed(url: str) -> URL:
    """A URL with the driver that we bring. Errors: ConfigurationError without the extra; UsageError."""
    try:
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError
    except ImportError:
        raise _no_extra() from None
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # of a port that is no number, SQLAlchemy quotes a piece of the URL
        raise _no_url() from None
    driver = _DRIVERS.get(parsed.get_backend_name())
    if driver is None or not 0 <= (parsed.port or 0) <= _HIGHEST_PORT:
        raise _no_url()
    if "@" in (parsed.host or ""):
        raise _no_url("A password or user in a URL writes @ as %40, / as %2F and : as %3A. ")
    return parsed.set(drivername=driver)


def _shown(url: URL) -> str:
    """What is shown of a URL: scheme, host and database; everything else may hold a secret."""
    host = f"[{url.host}]" if ":" in (url.host or "") else url.host or ""
    port = f":{url.port}" if url.port else ""
    return f"{url.get_backend_name()}://{host}{port}/{url.database or ''}"


def _hidden_values(url: URL) -> list[str]:
    """The password and the values of the query, as they are and as a URL writes them, the longest first."""
    values = [value for group in url.normalized_query.values() for value in group if len(value) >= _SHORTEST_HIDDEN]
    values += [url.password] if url.password else []
    written = {form for value in values for form in (value, quote(value, safe=""), quote_plus(value))}
    return sorted(written, key=lambda text: (-len(text), text))


def _within(url: URL, folder: Path | None) -> URL:
    if url.get_backend_name() != "sqlite":
        return url
    return url.set(database=str((folder or Path()) / (url.database or "")))


def _engine(url: URL) -> Engine:
    """An engine that keeps no idle connections. Errors: ConfigurationError where a driver or a file is missing."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    if url.get_backend_name() == "sqlite":
        return create_engine("sqlite://", creator=lambda: _open_sqlite(str(url.database or "")), poolclass=NullPool)
    try:
        return create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": _CONNECT_SECONDS})
    except ImportError:
        raise _no_extra() from None


def _open_sqlite(path: str) -> sqlite3.Connection:
    """A read-only connection. Source: SQLite documentation, "Uniform Resource Identifiers", `mode=ro`."""
    return sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True)


def is_url(text: str) -> bool:
    """Whether a text means a database rather than a file."""
    return "://" in text


def holds_password(url: str) -> bool:
    """Whether a URL has a password in it, which must not stand on a command line. Errors: as `DatabaseSource`."""
    return _parsed(url).password is not None or _query_holds_password(_parsed(url).query)


def _query_holds_password(query: Any) -> bool:
    names: Sequence[str] = [str(name).lower() for name in query]
    return any("password" in name or name in ("passwd", "pwd") for name in names)


def _no_url(hint: str = "") -> UsageError:
    return UsageError(
        "That is no URL of a database that can be imported from.",
        code="import.url",
        fix=f"{hint}For example sqlite:///app.db, postgresql://user@host/app, mysql://user@host/app.",
    )


def _no_extra() -> ConfigurationError:
    return ConfigurationError(
        "Importing from a database needs SQLAlchemy and the database's driver, and they are not installed.",
        code="import.extra",
        fix="Run: pip install 'creditctl[import]'",
    )
