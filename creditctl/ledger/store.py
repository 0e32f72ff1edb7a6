"""Ledger file: opened, read through a view, written in transactions, backed up; entries are never changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from creditctl.atomic_file import draft_beside, publish_new
from creditctl.core.errors import ConfigurationError, LedgerError
from creditctl.ledger.exporting import DRAFTS
from creditctl.ledger.models import Head
from creditctl.ledger.opening import Wanted, prepare, require_file
from creditctl.ledger.owner import LedgerOwner, already_named, read_owner, write_owner
from creditctl.ledger.schema import MIGRATIONS, Migration
from creditctl.ledger.sqlite.connections import ConnectHook, Connections
from creditctl.ledger.sqlite.database_file import DatabaseFile
from creditctl.ledger.sqlite.errors import translated, unopenable
from creditctl.ledger.sqlite.private_file import make_private, tighten
from creditctl.ledger.sqlite.standing_file import FileIdentity, FileMoved
from creditctl.ledger.sqlite.transactions import committed
from creditctl.ledger.sqlite.write_lock import WriteLock
from creditctl.ledger.transaction import LedgerTransaction
from creditctl.ledger.view import LedgerView


class Ledger(DatabaseFile):
    """A ledger file of one account, one livemode and one deployment; safe to use from several threads and processes.

    Shape:  `reading` gives the view that answers questions, `transaction` the one that writes and answers them too.
            Each method compares what is open with what stands at the path: a commit that did not raise is in the
            file that stands there.
    Errors: every method raises LedgerError where SQLite fails, FileMoved where the file was moved, deleted or
            replaced; nothing is half written then.
    """

    def __init__(
        self,
        path: Path,
        connections: Connections,
        write_lock: WriteLock,
        owner: LedgerOwner,
        clock: Callable[[], int],
        open_again: Callable[[], Ledger],
        migrations: Sequence[Migration],
    ) -> None:
        super().__init__(path, connections)
        self.account, self.livemode = owner.account, owner.livemode
        self.deployment, self.named_since = owner.deployment, owner.named_since
        self._write_lock = write_lock
        self._clock = clock
        self._head: Head | None = None
        self._migrations = migrations
        self.open_again = open_again

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        account: str | None,
        livemode: bool | None,
        deployment: str | None = None,
        clock: Callable[[], int],
        create: bool = True,
        busy_timeout_seconds: float = 10,
        on_connect: ConnectHook | None = None,
        migrations: Sequence[Migration] = MIGRATIONS,
    ) -> Ledger:
        """Opens a ledger, making or upgrading it where needed.

        Shape:  a new file needs account and livemode; for one that exists, None is not checked. `deployment` None is
                the unnamed one; ANY_DEPLOYMENT is not checked.
        Errors: LedgerError (no ledger, newer, locked, read-only, …), GuardRefused for another owner.
        """
        wanted = Wanted(account, livemode, deployment, create, migrations, busy_timeout_seconds)
        require_file(path, wanted)
        if create:
            make_private(path)
        connections = Connections(path, busy_timeout_seconds, on_connect)
        try:
            with translated(path):
                owner = prepare(connections.get(), path, wanted)
            connections.file.note()
            tighten(path)
        except BaseException:
            connections.close()
            raise
        again = partial(
            cls.open,
            path,
            account=owner.account,
            livemode=owner.livemode,
            deployment=deployment,
            clock=clock,
            create=False,
            busy_timeout_seconds=busy_timeout_seconds,
            on_connect=on_connect,
            migrations=migrations,
        )
        return cls(path, connections, WriteLock(path, busy_timeout_seconds), owner, clock, again, migrations)

    @contextmanager
    def transaction(self, wait_seconds: float | None = None) -> Iterator[LedgerTransaction]:
        """One writing transaction: all of it is on disk at the end, or none.

        Units:  `wait_seconds` is how long to wait for other writers, threads and processes; None is the ledger's own.
        Errors: LedgerError where others write for longer than that, and inside another transaction or reading of the
                same thread.
        """
        with self._write_lock.held(wait_seconds) as left_seconds, translated(self.path):
            connection = self._connections.get()
            _require_no_transaction(connection, self.path)
            self.require_standing()
            self._write_lock.begin(connection, left_seconds)
            with committed(connection):
                tx = LedgerTransaction(
                    connection, self.account, self.livemode, self._clock(), migrations=self._migrations
                )
                self._require_head(tx)
                yield tx
                head = tx.head()
                self.require_standing()
            # Once more: a commit waits for the disk, and the file may have been moved away meanwhile.
            self.require_standing()
            self._head = head

    def require_standing(self) -> None:
        """Proves that what is open is what stands at the path. Errors: FileMoved."""
        self._connections.file.require()

    def _require_head(self, view: LedgerView) -> None:
        """Proves that what was written last is still there, which another file's content under this name is not."""
        known = self._head
        if known is None or known.count == 0:
            return
        entry = view.entry(known.count)
        if entry is None or entry.hash != known.hash:
            raise FileMoved(
                f"The ledger {self.path} no longer holds its entry {known.count} as it was written.",
                code="ledger.file_moved",
                fix="Run `creditctl ledger verify`, and restore a backup if it names faults.",
            )

    @contextmanager
    def reading(self) -> Iterator[LedgerView]:
        """One reading transaction: the view answers all its questions from one snapshot.

        Shape: it waits for nobody, and no writer waits for it; but the write-ahead log grows while it is open, so ask
               and close. Inside a writing transaction of the same thread it is part of that one.
        """
        with translated(self.path):
            connection = self._connections.get()
            view = LedgerView(connection, self.account, self.livemode, migrations=self._migrations)
            if connection.in_transaction:
                yield view
                return
            self.require_standing()
            connection.execute("BEGIN")
            try:
                yield view
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @property
    def owner(self) -> LedgerOwner:
        """Whose the ledger is."""
        return LedgerOwner(self.account, self.livemode, self.deployment, self.named_since)

    @property
    def last_written(self) -> Head | None:
        """The head after the last transaction that was committed here; None before the first."""
        return self._head

    def release(self) -> FileIdentity | None:
        """Closes a file that was moved, wherever it is now, and gives what was open; its log is brought into it first.

        Shape:  None where others keep something in the log: then it was not closed. Nobody may be using it.
        Source: SQLite documentation, "PRAGMA wal_checkpoint": busy, pages in the log, pages brought over.
        """
        opened = self._connections.file.opened
        with translated(self.path):
            busy, pages, brought = self._connections.first().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if busy or pages != brought:
            return None
        self.close()
        return None if opened is None else opened.left_behind(self.path)

    def name_deployment(self, name: str, since: int) -> None:
        """Gives a ledger of no named deployment its name, for good. Shape: what it holds stays as it is.

        Units:  `since` in Unix seconds: sessions made before it that name no deployment stay this ledger's own.
        Errors: GuardRefused where it has another name or was named since another time.
        """
        wanted = LedgerOwner(self.account, self.livemode, name, since)
        with self.transaction() as tx:
            write_owner(tx.connection, wanted)
            found = read_owner(tx.connection, self.path)
            if found != wanted:
                raise already_named(self.path, found)
        self.deployment, self.named_since = found.deployment, found.named_since

    def backup(self, destination: Path, prove: Callable[[Path], None] = lambda _copy: None) -> None:
        """Copies the ledger as it is now, while others go on using it.

        Shape:  `prove` looks at the copy before it gets its name: what stands there was looked at to the end.
        Errors: ConfigurationError if there is something at the destination already; LedgerError if it fails.
        """
        if destination.exists():
            raise _backup_exists(destination)
        try:
            with draft_beside(destination, family=DRAFTS) as draft:
                _copy(self._connections, draft.path)
                prove(draft.path)
                publish_new(draft)
        except FileExistsError as error:
            raise _backup_exists(destination) from error
        except OSError as error:
            raise unopenable(destination) from error


def _require_no_transaction(connection: sqlite3.Connection, path: Path) -> None:
    """Refuses to nest transactions.

    A reading one cannot become a writing one: SQLite would refuse that as soon as another has written.

    Source: SQLite documentation, "Transaction", SQLITE_BUSY_SNAPSHOT in "Read transactions versus write transactions".
    """
    if connection.in_transaction:
        raise LedgerError(
            f"The ledger {path} is in a reading or a transaction of this thread already; nothing was written.",
            code="ledger.nested_transaction",
            fix="Close that one before another begins: write outside the `with` of a reading or transaction.",
        )


def _backup_exists(destination: Path) -> ConfigurationError:
    return ConfigurationError(
        f"There is already something at {destination}.",
        code="ledger.backup_exists",
        fix="Name a file that does not exist yet.",
    )


def _copy(connections: Connections, destination: Path) -> None:
    """Copies the file page by page. Source: SQLite documentation, "Online Backup API"."""
    with translated(destination):
        source, target = connections.new(), sqlite3.connect(destination)
        try:
            source.backup(target)
        finally:
            target.close()
            source.close()
