"""The mirror file beside a ledger: everything bulky that was read from Stripe, kept out of the ledger's way."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from creditctl.core.errors import LedgerError
from creditctl.ledger.archive.journal import ForwardJournal, ReplayJournal
from creditctl.ledger.archive.models import EventQuery, EventRecord, Gap, Reading
from creditctl.ledger.archive.opening import BUSY_SECONDS, prepare, tune
from creditctl.ledger.archive.queries import EVENT_COLUMNS, READING_COLUMNS, condition, reading_of
from creditctl.ledger.sqlite.connections import Connections
from creditctl.ledger.sqlite.errors import translated
from creditctl.ledger.sqlite.file_lock import hold_lock

_COMPRESSION = 1
"""The fastest: a page of events shrinks to a tenth with it, and to hardly less with the slowest."""

_KEYS = len(EventRecord._fields) - 1
"""The fields before the body: the first columns of a row."""

_ORDER = "created, reading, seq DESC"
_NEWEST_FIRST = "created DESC, reading DESC, seq"


def archive_path(ledger_path: Path) -> Path:
    """Where the mirror of a ledger lies: beside it."""
    return ledger_path.with_name(f"{ledger_path.stem}-mirror.db")


class Archive:
    """The mirror of one account and one livemode; several processes may write at once.

    Errors: LedgerError where SQLite fails; nothing is half written then.
    """

    def __init__(self, path: Path, connections: Connections) -> None:
        self.path = path
        self._connections = connections

    @classmethod
    def open(cls, path: Path, *, account: str | None, livemode: bool | None, create: bool = True) -> Archive:
        """Opens a mirror, or makes one where there is none.

        Shape:  None for account or livemode is not checked; a new file needs both.
        Errors: GuardRefused if it belongs to another account or mode, LedgerError if it is no mirror, or there is none.
        """
        if not create and not path.exists():
            raise LedgerError(
                f"There is no archive at {path}.", code="mirror.missing", fix="Run `creditctl events archive` first."
            )
        if not path.exists():
            path.touch(mode=0o600)
        connections = Connections(path, BUSY_SECONDS, tune)
        try:
            with translated(path):
                prepare(connections.get(), path, account, livemode)
        except BaseException:
            connections.close()
            raise
        return cls(path, connections)

    def close(self) -> None:
        """Closes the file."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def lock(self, name: str, what: str) -> AbstractContextManager[None]:
        """A lock beside the mirror. Errors: LockHeld at once where another process holds it."""
        return hold_lock(self.path.with_name(f"{self.path.name}.{name}.lock"), what)

    @property
    def replays(self) -> ReplayJournal:
        """The journal of replays."""
        return ReplayJournal(self._writing, self._reading)

    @property
    def forwards(self) -> ForwardJournal:
        """The journal of what `events listen` forwarded."""
        return ForwardJournal(self._writing, self._reading)

    def meta(self, key: str) -> str | None:
        """A setting of the mirror's own."""
        with self._reading() as connection:
            row = connection.execute("SELECT value FROM mirror_meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def keep_meta(self, key: str, value: str) -> str:
        """Writes a setting unless there is one; returns the one that is there now."""
        with self._writing() as connection:
            connection.execute("INSERT OR IGNORE INTO mirror_meta (key, value) VALUES (?, ?)", (key, value))
        return self.meta(key) or value

    def begin(self, kind: str, started: int, floor: int | None) -> Reading:
        """Begins a reading. Shape: `kind` is archive, or read for one that claims no completeness."""
        with self._writing() as connection:
            query = "INSERT INTO readings (kind, started, floor) VALUES (?, ?, ?)"
            number = connection.execute(query, (kind, started, floor)).lastrowid
        return Reading(number or 0, kind, started, floor)

    def store(
        self,
        reading: Reading,
        page: Sequence[EventRecord],
        *,
        previous: Reading | None = None,
        finished: int | None = None,
        gap: Gap | None = None,
    ) -> int:
        """Keeps one page of a reading together with how far the reading has come; returns how many events were new.

        Shape: `page` is newest first, as Stripe lists; `previous` is the complete reading that this one joins on to;
               `finished` is set with the last page, and `gap` where the two don't meet.
        """
        with self._writing() as connection:
            new = _insert(connection, reading.id, page)
            if page:
                _advance(connection, reading, page, previous)
            if finished is not None:
                _finish(connection, reading, previous, finished, gap)
        return new

    def restart(self, reading: Reading) -> None:
        """Lets an unfinished reading begin anew, where Stripe no longer knows the event it stopped at."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE readings SET cursor = NULL, newest = NULL, newest_id = NULL, oldest = NULL, anchor_seen = 0 "
                "WHERE id = ?",
                (reading.id,),
            )

    def reading(self, number: int) -> Reading:
        """One reading as it stands now."""
        with self._reading() as connection:
            query = f"SELECT {READING_COLUMNS} FROM readings WHERE id = ?"  # noqa: S608
            return reading_of(connection.execute(query, (number,)).fetchone())

    def unfinished(self) -> Reading | None:
        """The archive reading that was interrupted, if any."""
        return self._latest("finished IS NULL")

    def last_complete(self) -> Reading | None:
        """The latest archive reading that came to its end."""
        return self._latest("finished IS NOT NULL")

    def _latest(self, state: str) -> Reading | None:
        query = f"SELECT {READING_COLUMNS} FROM readings WHERE kind = 'archive' AND {state} ORDER BY id DESC LIMIT 1"  # noqa: S608
        with self._reading() as connection:
            row = connection.execute(query).fetchone()
        return None if row is None else reading_of(row)

    def gaps(self) -> list[Gap]:
        """Every stretch that is lost, oldest first."""
        with self._reading() as connection:
            return [Gap(*row) for row in connection.execute("SELECT since, until, noticed FROM gaps ORDER BY since")]

    def count(self) -> int:
        """How many events are kept."""
        with self._reading() as connection:
            return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])

    def has_all(self, event_ids: Sequence[str]) -> bool:
        """Whether every one of a page's events is kept already."""
        marks = ", ".join("?" * len(event_ids))
        with self._reading() as connection:
            query = f"SELECT count(*) FROM events WHERE id IN ({marks})"  # noqa: S608
            return int(connection.execute(query, list(event_ids)).fetchone()[0]) == len(set(event_ids))

    def span(self) -> tuple[int, int] | None:
        """When the oldest and the newest kept event were made; None where there is none."""
        with self._reading() as connection:
            oldest, newest = connection.execute("SELECT min(created), max(created) FROM events").fetchone()
        return None if oldest is None else (oldest, newest)

    def ids(self, query: EventQuery) -> list[str]:
        """The ids of the kept events that match, oldest first."""
        where, values = condition(query)
        with self._reading() as connection:
            rows = connection.execute(f"SELECT id FROM events WHERE {where} ORDER BY {_ORDER}", values)  # noqa: S608
            return [row[0] for row in rows]

    def event(self, event_id: str) -> EventRecord | None:
        """One kept event."""
        query = f"SELECT {EVENT_COLUMNS} FROM events WHERE id = ?"  # noqa: S608
        with self._reading() as connection:
            return next(_records(connection, connection.execute(query, (event_id,))), None)

    def events(
        self, query: EventQuery, *, limit: int | None = None, newest_first: bool = False
    ) -> Iterator[EventRecord]:
        """The kept events that match, in order; read bit by bit, so that many take no more memory than few."""
        where, values = condition(query)
        order = _NEWEST_FIRST if newest_first else _ORDER
        statement = f"SELECT {EVENT_COLUMNS} FROM events WHERE {where} ORDER BY {order} LIMIT ?"  # noqa: S608
        with self._reading() as connection:
            yield from _records(connection, connection.execute(statement, (*values, -1 if limit is None else limit)))

    def unforwarded(self, target: str, query: EventQuery, limit: int) -> list[EventRecord]:
        """The next events for a listener's target: kept, matching and not yet accepted there, in order."""
        where, values = condition(query)
        statement = (
            f"SELECT {EVENT_COLUMNS} FROM events e WHERE {where} AND NOT EXISTS "  # noqa: S608
            f"(SELECT 1 FROM forwards f WHERE f.target = ? AND f.event_id = e.id) ORDER BY {_ORDER} LIMIT ?"
        )
        with self._reading() as connection:
            return list(_records(connection, connection.execute(statement, (*values, target, limit))))

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with translated(self.path):
            connection = self._connections.get()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with translated(self.path):
            yield self._connections.get()


def _advance(
    connection: sqlite3.Connection, reading: Reading, page: Sequence[EventRecord], previous: Reading | None
) -> None:
    first, last = page[0], page[-1]
    anchor = None if previous is None else previous.newest_id
    met = int(anchor is not None and any(event.id == anchor for event in page))
    connection.execute(
        "UPDATE readings SET cursor = ?, newest = coalesce(newest, ?), newest_id = coalesce(newest_id, ?), "
        "oldest = ?, anchor_seen = max(anchor_seen, ?) WHERE id = ?",
        (last.id, first.created, first.id, last.created, met, reading.id),
    )


def _finish(
    connection: sqlite3.Connection, reading: Reading, previous: Reading | None, finished: int, gap: Gap | None
) -> None:
    """Ends a reading; one that saw nothing hands on what the one before knew."""
    newest, newest_id = (None, None) if previous is None else (previous.newest, previous.newest_id)
    connection.execute(
        "UPDATE readings SET finished = ?, newest = coalesce(newest, ?), newest_id = coalesce(newest_id, ?) "
        "WHERE id = ?",
        (finished, newest, newest_id, reading.id),
    )
    if gap is not None:
        query = "INSERT INTO gaps (since, until, noticed) VALUES (?, ?, ?)"
        connection.execute(query, (gap.since, gap.until, gap.noticed))


def _insert(connection: sqlite3.Connection, reading: int, page: Sequence[EventRecord]) -> int:
    marks = ", ".join("?" * len(page))
    known = connection.execute(f"SELECT id FROM events WHERE id IN ({marks})", [event.id for event in page])  # noqa: S608
    held = {row[0] for row in known}
    new = list({event.id: event for event in page if event.id not in held}.values())
    if not new:
        return 0
    packed = zlib.compress(b"".join(event.body for event in new), _COMPRESSION)
    chunk = connection.execute("INSERT INTO chunks (body) VALUES (?)", (packed,)).lastrowid
    connection.executemany(
        "INSERT INTO events (id, created, type, object_id, payment_key, charge_id, user_id, reading, chunk, start, "
        "length) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
        list(_rows(new, reading, chunk or 0)),
    )
    return len(new)


def _rows(new: Sequence[EventRecord], reading: int, chunk: int) -> Iterator[tuple[object, ...]]:
    start = 0
    for event in new:
        length = len(event.body)
        yield (*event[:_KEYS], reading, chunk, start, length)
        start += length


def _records(connection: sqlite3.Connection, rows: sqlite3.Cursor) -> Iterator[EventRecord]:
    """Rows with their bodies; a chunk is unpacked once for the neighbours in it."""
    held, unpacked = 0, b""
    for row in rows:
        chunk, start, length = row[7:]
        if chunk != held:
            packed = connection.execute("SELECT body FROM chunks WHERE id = ?", (chunk,)).fetchone()[0]
            held, unpacked = chunk, zlib.decompress(packed)
        values = [*row[:7], unpacked[start : start + length]]
        yield EventRecord(*values)
