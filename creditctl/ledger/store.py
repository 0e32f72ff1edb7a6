"""A ledger file: who got which credits for which payment, written once and never changed."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from creditctl.core.entitlement.settlement import EntryDraft, EntryKind, KeyScheme, idempotency_key
from creditctl.core.errors import LedgerError, UsageError
from creditctl.ledger import reading, resolving
from creditctl.ledger.hashchain import verify
from creditctl.ledger.hashchain.verify import Verification
from creditctl.ledger.models import (
    Attestation,
    Balance,
    Delivery,
    Entry,
    EntryFilter,
    FindingStatus,
    Head,
    Posting,
    Resolution,
    RunRecord,
    StoredFact,
    StoredFinding,
)
from creditctl.ledger.opening import Wanted, prepare, require_file
from creditctl.ledger.schema import MIGRATIONS, Migration
from creditctl.ledger.sqlite.connections import ConnectHook, Connections
from creditctl.ledger.sqlite.errors import translated
from creditctl.ledger.sqlite.write_lock import WriteLock
from creditctl.ledger.transaction import LedgerTransaction

_EVERYTHING = EntryFilter()


class Ledger:
    """A ledger file of one account and one livemode; safe to use from several threads and processes.

    Errors: every method raises LedgerError where SQLite fails; nothing is half written then.
    """

    def __init__(
        self, path: Path, connections: Connections, turns: WriteLock, owner: tuple[str, bool], clock: Callable[[], int]
    ) -> None:
        self.path = path
        self.account, self.livemode = owner
        self._connections = connections
        self._turns = turns
        self._clock = clock

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        account: str | None,
        livemode: bool | None,
        clock: Callable[[], int],
        create: bool = True,
        busy_timeout_seconds: float = 10,
        on_connect: ConnectHook | None = None,
        migrations: Sequence[Migration] = MIGRATIONS,
    ) -> Ledger:
        """Opens a ledger, making or upgrading it where needed.

        Shape:  a new file needs account and livemode; for one that exists, None is not checked.
        Errors: LedgerError (no ledger, newer, locked, read-only, …), GuardRefused for another account or mode.
        """
        wanted = Wanted(account, livemode, create, migrations, busy_timeout_seconds)
        require_file(path, wanted)
        connections = Connections(path, busy_timeout_seconds, on_connect)
        try:
            with translated(path):
                owner = prepare(connections.get(), path, wanted)
        except BaseException:
            connections.close()
            raise
        return cls(path, connections, WriteLock(path, busy_timeout_seconds), owner, clock)

    def close(self) -> None:
        """Closes the file; no thread may be using it."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self, wait_seconds: float | None = None) -> Iterator[LedgerTransaction]:
        """One writing transaction: all of it is on disk at the end, or none.

        Units:  `wait_seconds` is how long to wait for other writers, threads and processes; None is the ledger's own.
        Errors: LedgerError where others write for longer than that.
        """
        with self._turns.taken(wait_seconds) as left_seconds, translated(self.path):
            connection = self._connections.get()
            self._turns.begin(connection, left_seconds)
            try:
                yield LedgerTransaction(connection, self.account, self.livemode, self._clock())
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with translated(self.path):
            yield self._connections.get()

    def balance(self, user_id: str) -> int:
        """The credits of one user; 0 for one who is not known."""
        with self._reading() as connection:
            return reading.balance(connection, user_id)

    def balances(self, after: str | None = None, limit: int | None = None) -> list[Balance]:
        """The credits of all users in order of their id; the next page begins after the last one."""
        with self._reading() as connection:
            return reading.balances(connection, after, limit)

    def entries(
        self,
        wanted: EntryFilter = _EVERYTHING,
        *,
        after_id: int = 0,
        limit: int = 100,
        newest_first: bool = False,
    ) -> list[Entry]:
        """One page of entries; the next begins after the last id of this one."""
        with self._reading() as connection:
            return reading.entries(connection, wanted, after_id=after_id, limit=limit, newest_first=newest_first)

    def entry(self, number: int) -> Entry | None:
        """One entry by its id."""
        with self._reading() as connection:
            return reading.entry(connection, number)

    def purchase_of(self, payment_key: str) -> Entry | None:
        """The first purchase of a payment."""
        found = self.entries(EntryFilter(payment_key=payment_key, kind=EntryKind.PURCHASE), limit=1)
        return found[0] if found else None

    def count(self) -> int:
        """How many entries there are."""
        return self.head().count

    def head(self) -> Head:
        """How many entries there are, and the hash of the last."""
        with self._reading() as connection:
            return reading.head(connection)

    def export(self) -> Iterator[dict[str, object]]:
        """Every entry with every column, in order; one consistent view, however long it takes."""
        with translated(self.path):
            connection = self._connections.new()
            try:
                yield from reading.export(connection)
            finally:
                connection.close()

    def facts(self, payment_key: str | None = None) -> list[StoredFact]:
        """The known refunds and disputes, of one payment or of all."""
        with self._reading() as connection:
            return reading.facts(connection, payment_key)

    def findings(self, status: FindingStatus | None = FindingStatus.OPEN) -> list[StoredFinding]:
        """The findings in one state, or all with None; oldest first."""
        with self._reading() as connection:
            return reading.findings(connection, status)

    def resolve_finding(
        self,
        number: int,
        *,
        action: Literal["credit", "dismiss"],
        reason: str,
        user_id: str | None = None,
        credits: int | None = None,
    ) -> Resolution:
        """Settles an open finding: credits what it proposes, or dismisses it; both with a reason.

        Shape:  `user_id` and `credits` say what the finding leaves open, and only that.
        Errors: UsageError.
        """
        with self.transaction() as tx:
            return resolving.resolve(tx, number, action=action, reason=reason, user_id=user_id, credits=credits)

    def adjust(
        self,
        *,
        user_id: str,
        credits: int,
        reason: str,
        key: str,
        created: int | None = None,
        corrects: int | None = None,
        payment_key: str | None = None,
    ) -> Posting:
        """Gives (or with a negative number takes) credits by hand; the same key does so once.

        Errors: UsageError without a reason, for nought, or if it corrects an entry that is not there.
        """
        if not reason.strip() or credits == 0:
            raise UsageError("An adjustment needs a number of credits and a reason.", code="ledger.adjustment")
        if corrects is not None and self.entry(corrects) is None:
            raise UsageError(f"There is no entry {corrects}.", code="ledger.no_entry")
        draft = EntryDraft(
            created=self._clock() if created is None else created,
            user_id=user_id,
            kind=EntryKind.ADJUSTMENT,
            credits=credits,
            amount=0,
            currency=None,
            payment_key=payment_key,
            session_id=None,
            object_id=None,
            package=None,
            idempotency_key=idempotency_key(KeyScheme.ADJUSTMENT, key),
            corrects=corrects,
            note=reason,
        )
        with self.transaction() as tx:
            return tx.post(draft)

    def deliveries(
        self,
        *,
        event_id: str | None = None,
        outcome: str | None = None,
        after_id: int = 0,
        limit: int = 100,
    ) -> list[Delivery]:
        """One page of deliveries, in the order in which they came."""
        with self._reading() as connection:
            return reading.deliveries(connection, event_id, outcome, after_id, limit)

    def verify(self, expect_head: str | None = None) -> Verification:
        """Recomputes the chain and names every entry that was edited, removed, inserted or moved."""
        with self._reading() as connection:
            return verify.verify(connection, self.account, self.livemode, expect_head)

    def backup(self, destination: Path) -> None:
        """Copies the ledger as it is now, while others go on using it.

        Errors: LedgerError if there is something at the destination already, or it cannot be written.
        """
        if destination.exists():
            raise LedgerError(
                f"There is already something at {destination}.",
                code="ledger.backup_exists",
                fix="Name a file that does not exist yet.",
            )
        unfinished = destination.with_name(f"{destination.name}.{os.getpid()}.unfinished")
        try:
            _copy(self._connections, unfinished)
            unfinished.replace(destination)
            _sync_folder(destination.parent)
        finally:
            unfinished.unlink(missing_ok=True)

    def add_run(self, kind: str, started: int, finished: int, ok: bool, report: Mapping[str, Any]) -> int:
        """Keeps the result of one run."""
        query = "INSERT INTO runs (kind, started, finished, ok, report) VALUES (?,?,?,?,?)"
        with self.transaction() as tx:
            values = (kind, started, finished, int(ok), json.dumps(report))
            return tx.connection.execute(query, values).lastrowid or 0

    def runs(self, kind: str | None = None, limit: int = 20) -> list[RunRecord]:
        """The latest runs, newest first."""
        with self._reading() as connection:
            return reading.runs(connection, kind, limit)

    def attest(self, item: str, person: str, statement: str, expires: int | None = None) -> int:
        """Keeps what a person vouched for."""
        query = "INSERT INTO attestations (recorded, item, person, statement, expires) VALUES (?,?,?,?,?)"
        with self.transaction() as tx:
            return tx.connection.execute(query, (tx.now, item, person, statement, expires)).lastrowid or 0

    def attestations(self, item: str | None = None) -> list[Attestation]:
        """What was vouched for, newest first."""
        with self._reading() as connection:
            return reading.attestations(connection, item)


def _copy(connections: Connections, destination: Path) -> None:
    """Copies the file page by page. Source: SQLite documentation, "Online Backup API"."""
    with translated(destination):
        source, target = connections.new(), sqlite3.connect(destination)
        try:
            source.backup(target)
        finally:
            target.close()
            source.close()


def _sync_folder(folder: Path) -> None:
    """Makes a rename in the folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
