"""Opening of a database: the reader that its URL asks for; its driver is imported only here."""

from __future__ import annotations

from pathlib import Path

from creditctl.core.errors import ConfigurationError
from creditctl.sources.databases.database import Database
from creditctl.sources.databases.url import DatabaseUrl


def open_database(url: DatabaseUrl, folder: Path, *, row_security: bool = False) -> Database:
    """The reader of a database. Imports its driver only here.

    Shape:  a relative SQLite file is looked for in `folder`; with `row_security` PostgreSQL may filter rows.
    Errors: ConfigurationError where the driver is not installed.
    """
    if url.backend == "sqlite":
        from creditctl.sources.databases.sqlite import SqliteDatabase

        return SqliteDatabase(url, folder)
    try:
        if url.backend == "postgresql":
            from creditctl.sources.databases.postgresql import PostgresqlDatabase

            return PostgresqlDatabase(url, row_security=row_security)
        from creditctl.sources.databases.mysql import MysqlDatabase

        return MysqlDatabase(url)
    except ImportError:
        raise no_driver(url.backend) from None


def no_driver(backend: str) -> ConfigurationError:
    """The refusal where the driver of a database is not installed."""
    names = {"postgresql": "PostgreSQL", "mysql": "MySQL and MariaDB"}
    return ConfigurationError(
        f"Reading {names.get(backend, backend)} needs its driver, which is not installed.",
        code="import.extra",
        fix="Run: pip install 'creditctl[import]'",
    )
