"""Archive file: opened or made beside a ledger, with its locks, settings and sessions; what it holds is in `store`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Self

from creditctl.ledger.archive.location import take_over_older
from creditctl.ledger.archive.opening import BUSY_SECONDS, no_archive, prepare, tune
from creditctl.ledger.sqlite.connections import Connections
from creditctl.ledger.sqlite.database_file import DatabaseFile
from creditctl.ledger.sqlite.errors import translated
from creditctl.ledger.sqlite.file_lock import hold_lock
from creditctl.ledger.sqlite.private_file import make_private, tighten
from creditctl.ledger.sqlite.statements import insert, select
from creditctl.ledger.sqlite.transactions import write_transaction


class ArchiveFile(DatabaseFile):
    """The open archive file of one account and one livemode.

    Errors: LedgerError where SQLite fails; nothing is half written then.
    """

    @classmethod
    def open(cls, path: Path, *, account: str | None, livemode: bool | None, create: bool = True) -> Self:
        """Opens an archive, or makes one where there is none; one of an older layout is taken over.

        Shape:  None for account or livemode is not checked; a new file needs both.
        Errors: GuardRefused if it belongs to another account or mode, LedgerError if it is no archive, there is none,
                or one of an older layout cannot be taken over.
        """
        take_over_older(path)
        if not create and not path.exists():
            raise no_archive(path)
        make_private(path)
        connections = Connections(path, BUSY_SECONDS, tune)
        try:
            with translated(path, archive=True):
                prepare(connections.get(), path, account, livemode)
            connections.file.note()
            tighten(path)
        except BaseException:
            connections.close()
            raise
        return cls(path, connections)

    def lock(self, name: str, what: str) -> AbstractContextManager[None]:
        """A lock beside the archive. Errors: LockHeld at once where another process holds it."""
        return hold_lock(self.path.with_name(f"{self.path.name}.{name}.lock"), what)

    def copy_to(self, path: Path) -> None:
        """Writes a copy of the whole archive into a new file, for whoever must not change this one."""
        with self.read_session() as source, translated(path, archive=True), closing(sqlite3.connect(path)) as target:
            source.backup(target)
        make_private(path)

    def meta(self, key: str) -> str | None:
        """A setting of the archive's own."""
        with self.read_session() as connection:
            row = connection.execute(select(("value",), "mirror_meta", "WHERE key = ?"), (key,)).fetchone()
        return None if row is None else str(row[0])

    def keep_meta(self, key: str, value: str) -> str:
        """Writes a setting unless there is one; returns the one that is there now."""
        with self.write_session() as connection:
            connection.execute(insert("mirror_meta", ("key", "value"), otherwise="IGNORE"), (key, value))
        return self.meta(key) or value

    @contextmanager
    def write_session(self) -> Iterator[sqlite3.Connection]:
        """A write transaction of its own. Errors: FileMoved where what is open does not stand at the path."""
        file = self._connections.file
        with translated(self.path, archive=True):
            connection = self._connections.get()
            with write_transaction(connection):
                file.require()
                yield connection
                file.require()
            file.require()

    @contextmanager
    def read_session(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, for questions; each sees what is there when it is asked."""
        with translated(self.path, archive=True):
            yield self._connections.get()
