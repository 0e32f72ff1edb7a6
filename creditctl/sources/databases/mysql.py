"""MySQL and MariaDB: read-only transactions of one snapshot, an unbuffered cursor, times in UTC."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pymysql
from pymysql.constants import ER, FIELD_TYPE
from pymysql.cursors import SSCursor

from creditctl.sources.databases.database import CONNECT_SECONDS, ROWS_AT_ONCE, Values, failed
from creditctl.sources.databases.url import DatabaseUrl

_WHOLE_NUMBER_TYPES = frozenset(
    (FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG, FIELD_TYPE.INT24)
)
_NOT_ALLOWED = frozenset((ER.TABLEACCESS_DENIED_ERROR, ER.COLUMNACCESS_DENIED_ERROR))
_READ_ONLY = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"


class MysqlDatabase:
    """A MySQL or MariaDB database."""

    def __init__(self, url: DatabaseUrl) -> None:
        self._url = url
        self.shown = url.shown

    def quoted(self, name: str) -> str:
        """A name in backticks, whatever the SQL mode."""
        return "`" + name.replace("`", "``") + "`"

    @contextmanager
    def reading(self) -> Iterator[MysqlSnapshot]:
        """A read-only transaction that shows one moment. Source: MySQL Reference Manual, "START TRANSACTION"."""
        try:
            with closing(self._connection()) as connection:
                with connection.cursor() as cursor:
                    cursor.execute("SET time_zone = '+00:00'")
                    cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                    cursor.execute(_READ_ONLY)
                yield MysqlSnapshot(connection)
        except pymysql.MySQLError as error:
            no_table = bool(error.args) and error.args[0] == ER.NO_SUCH_TABLE
            raise failed(self._url, error, no_table=no_table) from error

    def _connection(self) -> pymysql.Connection[Any]:
        url = self._url
        wants_tls = _wants_tls(url.options)
        socket = url.options.get("unix_socket") or url.options.get("socket")
        return pymysql.connect(
            host=url.host or "127.0.0.1",
            port=url.port or 3306,
            user=url.user,
            password=url.password or "",
            database=url.database or None,
            unix_socket=socket,
            charset="utf8mb4",
            connect_timeout=CONNECT_SECONDS,
            ssl=_context(url.options) if wants_tls else None,
        )


def _wants_tls(options: Mapping[str, str]) -> bool:
    """Whether the URL asks for TLS, in the words of MySQL's tools, of SQLAlchemy or of Prisma."""
    mode = (options.get("ssl-mode") or options.get("sslmode") or "").lower()
    return mode in ("required", "require", "verify_ca", "verify-ca", "verify_identity", "verify-full") or bool(
        options.get("sslcert") or options.get("ssl_ca") or options.get("ssl-ca")
    )


def _context(options: Mapping[str, str]) -> ssl.SSLContext:
    """A TLS context; without a certificate to check against it encrypts without checking, as `REQUIRED` does.

    Source: MySQL Reference Manual, "Command Options for Encrypted Connections": --ssl-mode.
    """
    authority = options.get("ssl_ca") or options.get("ssl-ca") or options.get("sslcert")
    context = ssl.create_default_context(cafile=authority)
    if authority is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


@dataclass(frozen=True)
class MysqlSnapshot:
    """One moment of the database."""

    connection: pymysql.Connection[Any]

    def columns(self, relation: str) -> Mapping[str, bool] | None:
        """As Snapshot says; a right on single columns does not suffice for looking at all of them."""
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM {relation} WHERE 1 = 0")  # noqa: S608 - quoted, or the user's own query
                return {each[0]: each[1] in _WHOLE_NUMBER_TYPES for each in cursor.description or ()}
        except pymysql.MySQLError as error:
            if error.args and error.args[0] in _NOT_ALLOWED:
                return None
            raise

    def rows(self, statement: str, values: Values = ()) -> Iterator[Values]:
        """As Snapshot says. A TIMESTAMP comes in the session's zone, which is UTC, and says so; a DATETIME has none."""
        with self.connection.cursor(SSCursor) as cursor:
            cursor.execute(statement, list(values))
            stamps = [place for place, each in enumerate(cursor.description) if each[1] == FIELD_TYPE.TIMESTAMP]
            while page := cursor.fetchmany(ROWS_AT_ONCE):
                yield from (_with_zone(row, stamps) for row in page) if stamps else page


def _with_zone(row: Sequence[object], stamps: Sequence[int]) -> Values:
    values = list(row)
    for place in stamps:
        value = values[place]
        if isinstance(value, datetime):
            values[place] = value.replace(tzinfo=UTC)
    return values
