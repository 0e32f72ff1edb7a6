"""PostgreSQL: read-only transactions of one snapshot, a server-side cursor, times in UTC; no catalogue is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from creditctl.sources.databases.database import CONNECT_SECONDS, ROWS_AT_ONCE, Values, failed
from creditctl.sources.databases.url import DatabaseUrl

_PASSED_ON = (
    "sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "channel_binding", "gssencmode",
    "target_session_attrs", "application_name",
)  # fmt: skip
"""What of a URL's query libpq knows; frameworks put parameters of their own beside it, which it would refuse."""

_WHOLE_NUMBER_TYPES = frozenset((20, 21, 23))
"""Source: PostgreSQL, src/include/catalog/pg_type.dat: int8, int2, int4."""

_SSL_WORDS = {"true": "require", "1": "require", "require": "require", "false": "disable", "0": "disable"}


class PostgresqlDatabase:
    """A PostgreSQL database."""

    def __init__(self, url: DatabaseUrl) -> None:
        self._url = url
        self.shown = url.shown

    def quoted(self, name: str) -> str:
        """A name in double quotes, so that its case stays."""
        return '"' + name.replace('"', '""') + '"'

    @contextmanager
    def reading(self) -> Iterator[PostgresqlSnapshot]:
        """A read-only transaction that shows one moment.

        Source: PostgreSQL documentation, "SET TRANSACTION", "SET TIME ZONE". They are settings of the transaction and
                not of the connection: a pooler in front refuses those, and gives the connection to others afterwards.
        """
        try:
            with psycopg.connect(**self._parameters(), prepare_threshold=None) as connection:  # type: ignore[arg-type]
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                connection.execute("SET LOCAL TIME ZONE 'UTC'")
                yield PostgresqlSnapshot(connection)
                connection.rollback()
        except psycopg.Error as error:
            raise failed(self._url, error, no_table=isinstance(error, psycopg.errors.UndefinedTable)) from error

    def _parameters(self) -> dict[str, str | int]:
        url = self._url
        found: dict[str, str | int | None] = {
            "host": url.host,
            "port": url.port,
            "user": url.user,
            "password": url.password,
            "dbname": url.database or None,
            "connect_timeout": CONNECT_SECONDS,
            "sslmode": _SSL_WORDS.get(url.options.get("ssl", "").lower()),
        }
        found |= {name: value for name, value in url.options.items() if name in _PASSED_ON}
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True)
class PostgresqlSnapshot:
    """One moment of the database."""

    connection: psycopg.Connection

    def columns(self, relation: str) -> Mapping[str, bool] | None:
        """As Snapshot says; a right on single columns does not suffice for looking at all of them."""
        try:
            with self.connection.transaction(), self.connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM {relation} WHERE 1 = 0")  # noqa: S608 - quoted, or the user's own query
                return {each.name: each.type_code in _WHOLE_NUMBER_TYPES for each in cursor.description or ()}
        except psycopg.errors.InsufficientPrivilege:
            return None

    def rows(self, statement: str, values: Values = ()) -> Iterator[Values]:
        """As Snapshot says. Source: PostgreSQL documentation, "DECLARE": rows come as they are fetched."""
        with self.connection.cursor(name="creditctl_rows") as cursor:
            cursor.itersize = ROWS_AT_ONCE
            yield from cursor.execute(statement, values or [])
