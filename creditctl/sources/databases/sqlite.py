"""SQLite: an application's file, read without writing to it or, where that can be avoided, beside it.

A database in WAL mode may have its newest rows in a `-wal` file. Where that is there, it is read through SQLite's
shared memory file, which a running application has made. Where neither is there, the file holds everything and is read
as immutable, so that SQLite makes neither; that nobody wrote meanwhile is checked afterwards. A `-wal` without its
shared memory, as a crash or a copy leaves it, is read from a copy.

Source: SQLite documentation, "Write-Ahead Logging", read-only databases; "Uniform Resource Identifiers", immutable.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from creditctl.core.errors import Unreachable
from creditctl.sources.databases.database import ROWS_AT_ONCE, Values, failed
from creditctl.sources.databases.url import DatabaseUrl

_BUSY_SECONDS = 10
_WAL_VERSION = 2
_VERSION_PLACE = 18
"""Bytes 18 and 19 of the header are 2 in WAL mode. Source: SQLite documentation, "Database File Format"."""

_PLACES = re.compile("%[s%]")
_AS_SQLITE = {"%s": "?", "%%": "%"}
"""In one pass: `%%s` is how `strftime('%s', …)` of a query comes, and no place for a value."""


class SqliteDatabase:
    """An SQLite file. Shape: a relative one lies in `folder`, or in `prisma/` there, from where Prisma counts."""

    def __init__(self, url: DatabaseUrl, folder: Path) -> None:
        places = (folder / url.database, folder / "prisma" / url.database)
        self.path = next((place for place in places if place.exists()), places[0])
        self._url = url
        self.shown = url.shown

    def quoted(self, name: str) -> str:
        """A name in double quotes."""
        return '"' + name.replace('"', '""') + '"'

    @contextmanager
    def reading(self) -> Iterator[SqliteSnapshot]:
        """A read transaction. Errors: Unreachable, also where the file changed while it was read as immutable."""
        try:
            if not _in_wal_mode(self.path) or _beside(self.path, "-shm").exists():
                with self._opened(self.path, "mode=ro") as snapshot:
                    yield snapshot
            elif _beside(self.path, "-wal").exists():
                with tempfile.TemporaryDirectory(prefix="creditctl-") as folder:
                    copy = _copied(self.path, Path(folder))
                    with self._opened(copy, "mode=ro") as snapshot:
                        yield snapshot
            else:
                before = _state(self.path)
                with self._opened(self.path, "mode=ro&immutable=1") as snapshot:
                    yield snapshot
                if before != _state(self.path):
                    raise _changed(self.shown)
        except sqlite3.Error as error:
            raise failed(self._url, error, no_table="no such table" in str(error)) from error

    @contextmanager
    def _opened(self, path: Path, how: str) -> Iterator[SqliteSnapshot]:
        location = f"file:{quote(str(path))}?{how}"
        connection = sqlite3.connect(location, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
        with closing(connection):
            connection.text_factory = lambda data: data.decode(errors="replace")
            connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")
            yield SqliteSnapshot(connection)


@dataclass(frozen=True)
class SqliteSnapshot:
    """One moment of the database."""

    connection: sqlite3.Connection

    def columns(self, relation: str) -> Mapping[str, bool] | None:
        """As Snapshot says; only a table declares types."""
        cursor = self.connection.execute(f"SELECT * FROM {relation} LIMIT 0")  # noqa: S608 - quoted, or the user's own
        names = [each[0] for each in cursor.description or ()]
        return {name: self._is_whole(relation, name) for name in names}

    def _is_whole(self, relation: str, name: str) -> bool:
        table = relation.rpartition(".")[2].strip('"').replace('""', '"')
        query = "SELECT 1 FROM pragma_table_info(?) WHERE name = ? AND type LIKE '%INT%'"
        return self.connection.execute(query, (table, name)).fetchone() is not None

    def rows(self, statement: str, values: Values = ()) -> Iterator[Values]:
        """As Snapshot says."""
        cursor = self.connection.execute(_PLACES.sub(lambda match: _AS_SQLITE[match[0]], statement), list(values))
        while page := cursor.fetchmany(ROWS_AT_ONCE):
            yield from page


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _in_wal_mode(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            header = stream.read(_VERSION_PLACE + 2)
    except OSError as error:
        raise sqlite3.OperationalError(f"unable to open database file ({error.strerror})") from error
    return header[_VERSION_PLACE:] == bytes((_WAL_VERSION, _WAL_VERSION))


def _copied(path: Path, folder: Path) -> Path:
    copy = folder / path.name
    shutil.copyfile(path, copy)
    shutil.copyfile(_beside(path, "-wal"), _beside(copy, "-wal"))
    return copy


def _state(path: Path) -> tuple[int, int, int, bool]:
    """What shows that somebody wrote: size and time of the file, or that its log is there."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns, _beside(path, "-wal").exists()


def _changed(shown: str) -> Unreachable:
    return Unreachable(
        f"The database {shown} was written to while it was read.",
        code="import.database",
        fix="Run the same command again.",
    )
