"""PostgreSQL: read-only transactions of one snapshot, unfiltered, a server-side cursor, UTC; no catalogue is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg
from psycopg.abc import AdaptContext, Buffer, Loader

from creditctl.core.errors import ConfigurationError, CreditctlError
from creditctl.sources.databases.database import CONNECT_SECONDS, ROWS_AT_ONCE, Values, failed
from creditctl.sources.databases.url import DatabaseUrl

_PASSED_ON = (
    "sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "channel_binding", "gssencmode",
    "target_session_attrs", "application_name",
)  # fmt: skip
"""What of a URL's query libpq knows; frameworks put parameters of their own beside it, which it would refuse."""

_WHOLE_NUMBER_TYPES = frozenset((20, 21, 23))
"""Source: PostgreSQL, src/include/catalog/pg_type.dat: int8, int2, int4."""

_TIME_TYPES = (1082, 1083, 1114, 1184, 1266)
"""As above: date, time, timestamp, timestamptz, timetz."""

_SSL_WORDS = {"true": "require", "1": "require", "require": "require", "false": "disable", "0": "disable"}


class PostgresqlDatabase:
    """A PostgreSQL database. Shape: with `row_security` the server's policies may leave out rows, as its owner said."""

    def __init__(self, url: DatabaseUrl, *, row_security: bool = False) -> None:
        self._url = url
        self._row_security = row_security
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
                _take_every_time(connection)
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                connection.execute("SET LOCAL TIME ZONE 'UTC'")
                if not self._row_security:
                    _refuse_filtered_rows(connection)
                yield PostgresqlSnapshot(connection)
                connection.rollback()
        except psycopg.Error as error:
            if _is_filtered(error):
                raise _filtered(self._url, error) from error
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
        except psycopg.errors.InsufficientPrivilege as error:
            if _is_filtered(error):
                raise
            return None

    def rows(self, statement: str, values: Values = ()) -> Iterator[Values]:
        """As Snapshot says. Source: PostgreSQL documentation, "DECLARE": rows come as they are fetched."""
        with self.connection.cursor(name="creditctl_rows") as cursor:
            cursor.itersize = ROWS_AT_ONCE
            yield from cursor.execute(statement, values or [])


def _take_every_time(connection: psycopg.Connection) -> None:
    """Makes times that Python does not have come as the server writes them: one that never expires is `infinity`.

    Source: PostgreSQL documentation, "Date/Time Types": special values, years BC and after 9999, 24:00:00.
    """
    for type_code in _TIME_TYPES:
        usual = connection.adapters.get_loader(type_code, psycopg.pq.Format.TEXT)
        if usual is not None:
            connection.adapters.register_loader(type_code, _lenient(usual))


def _lenient(usual: type[Loader]) -> type[Loader]:
    class LenientLoader(psycopg.adapt.Loader):
        """Loads a value as usual, or as a text where that is none of Python's."""

        def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
            super().__init__(oid, context)
            self._usual = usual(oid, context)

        def load(self, data: Buffer) -> object:
            """The value of a cell."""
            try:
                return self._usual.load(data)
            except psycopg.DataError:
                return bytes(data).decode()

    return LenientLoader


def _refuse_filtered_rows(connection: psycopg.Connection) -> None:
    """Makes the server refuse a SELECT whose rows a policy would filter: a row that is left out would count as lost.

    Source: PostgreSQL documentation, "Row Security Policies": row_security off raises an error where a policy would
            filter, as pg_dump wants it. A server of the same protocol may not know it, and then filters nothing.
    """
    with suppress(psycopg.errors.UndefinedObject), connection.transaction():
        connection.execute("SET LOCAL row_security = off")


def _is_filtered(error: psycopg.Error) -> bool:
    """Whether a policy would have left out rows. Source: PostgreSQL, src/backend/utils/misc/rls.c: check_enable_rls."""
    refused = isinstance(error, psycopg.errors.InsufficientPrivilege)
    return refused and (error.diag.source_function == "check_enable_rls" or "row-level security" in str(error))


def _filtered(url: DatabaseUrl, error: psycopg.Error) -> CreditctlError:
    return ConfigurationError(
        f"{url.shown} would show this reader only the rows that a policy admits, and what it leaves out would look "
        f"lost: {url.without_secrets(str(error.diag.message_primary or error))}.",
        code="source.row_security",
        fix="Let the reader see every row: ALTER ROLE reader BYPASSRLS, or a view that the table's owner has made. "
        "If the policy shows it every row, write row_security = true under [source].",
    )
