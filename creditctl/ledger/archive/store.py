"""Archive store: events as Stripe sent them, the readings that found them, and the gaps that nobody read."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Sequence

from creditctl.ledger.archive.file import ArchiveFile
from creditctl.ledger.archive.journal import ForwardJournal, ReplayJournal
from creditctl.ledger.archive.models import EventQuery, EventRecord, Gap, Reading
from creditctl.ledger.archive.queries import (
    EVENT_KEYS,
    INSERT_EVENT,
    READING_COLUMNS,
    SELECT_EVENT,
    SELECT_READING,
    condition,
    reading_of,
    select_events,
    select_ids,
    select_known_ids,
)
from creditctl.ledger.sqlite.statements import select

_COMPRESSION = 1
"""The fastest: a page of events shrinks to a tenth with it, and to hardly less with the slowest."""

_NOT_FORWARDED = "NOT EXISTS (SELECT 1 FROM forwards f WHERE f.target = ? AND f.event_id = e.id)"


class Archive(ArchiveFile):
    """The archive of one account and one livemode; several processes may write at once.

    Errors: LedgerError where SQLite fails; nothing is half written then.
    """

    @property
    def replays(self) -> ReplayJournal:
        """The journal of replays."""
        return ReplayJournal(self)

    @property
    def forwards(self) -> ForwardJournal:
        """The journal of what `events listen` forwarded."""
        return ForwardJournal(self)

    def begin(self, kind: str, started: int, floor: int | None) -> Reading:
        """Begins a reading. Shape: `kind` is archive, or read for one that claims no completeness."""
        with self.write_session() as connection:
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
        with self.write_session() as connection:
            new = _insert(connection, reading.id, page)
            if page:
                _advance(connection, reading, page, previous)
            if finished is not None:
                _finish(connection, reading, previous, finished, gap)
        return new

    def restart(self, reading: Reading) -> None:
        """Lets an unfinished reading begin anew, where Stripe no longer knows the event it stopped at."""
        with self.write_session() as connection:
            connection.execute(
                "UPDATE readings SET cursor = NULL, newest = NULL, newest_id = NULL, oldest = NULL, anchor_seen = 0 "
                "WHERE id = ?",
                (reading.id,),
            )

    def reading(self, number: int) -> Reading:
        """One reading as it stands now."""
        with self.read_session() as connection:
            return reading_of(connection.execute(SELECT_READING, (number,)).fetchone())

    def unfinished(self) -> Reading | None:
        """The archive reading that was interrupted, if any."""
        return self._latest("finished IS NULL")

    def last_complete(self) -> Reading | None:
        """The latest archive reading that came to its end."""
        return self._latest("finished IS NOT NULL")

    def _latest(self, state: str) -> Reading | None:
        query = select(READING_COLUMNS, "readings", f"WHERE kind = 'archive' AND {state} ORDER BY id DESC LIMIT 1")
        with self.read_session() as connection:
            row = connection.execute(query).fetchone()
        return None if row is None else reading_of(row)

    def gaps(self) -> list[Gap]:
        """Every stretch that is lost, oldest first."""
        with self.read_session() as connection:
            return [Gap(*row) for row in connection.execute("SELECT since, until, noticed FROM gaps ORDER BY since")]

    def count(self) -> int:
        """How many events are kept."""
        with self.read_session() as connection:
            return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])

    def has_all(self, event_ids: Sequence[str]) -> bool:
        """Whether every one of a page's events is kept already."""
        with self.read_session() as connection:
            return _known_ids(connection, event_ids) == set(event_ids)

    def span(self) -> tuple[int, int] | None:
        """When the oldest and the newest kept event were made; None where there is none."""
        with self.read_session() as connection:
            oldest, newest = connection.execute("SELECT min(created), max(created) FROM events").fetchone()
        return None if oldest is None else (oldest, newest)

    def ids(self, query: EventQuery) -> list[str]:
        """The ids of the kept events that match, oldest first."""
        where, values = condition(query)
        with self.read_session() as connection:
            return [row[0] for row in connection.execute(select_ids(where), values)]

    def event(self, event_id: str) -> EventRecord | None:
        """One kept event."""
        with self.read_session() as connection:
            return next(_records(connection, connection.execute(SELECT_EVENT, (event_id,))), None)

    def events(
        self, query: EventQuery, *, limit: int | None = None, newest_first: bool = False
    ) -> Iterator[EventRecord]:
        """The kept events that match, in order; read bit by bit, so that many take no more memory than few."""
        where, values = condition(query)
        statement = select_events(where, newest_first=newest_first)
        with self.read_session() as connection:
            yield from _records(connection, connection.execute(statement, (*values, -1 if limit is None else limit)))

    def unforwarded(self, target: str, query: EventQuery, limit: int) -> list[EventRecord]:
        """The next events for a listener's target: kept, matching and not yet accepted there, in order."""
        where, values = condition(query)
        statement = select_events(f"{where} AND {_NOT_FORWARDED}")
        with self.read_session() as connection:
            return list(_records(connection, connection.execute(statement, (*values, target, limit))))


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
    held = _known_ids(connection, [event.id for event in page])
    new = list({event.id: event for event in page if event.id not in held}.values())
    if not new:
        return 0
    packed = compressed(b"".join(event.body for event in new))
    chunk = connection.execute("INSERT INTO chunks (body) VALUES (?)", (packed,)).lastrowid
    connection.executemany(INSERT_EVENT, list(_rows(new, reading, chunk or 0)))
    return len(new)


def compressed(bodies: bytes) -> bytes:
    """The bodies of neighbours as a chunk holds them."""
    return zlib.compress(bodies, _COMPRESSION)


def _known_ids(connection: sqlite3.Connection, event_ids: Sequence[str]) -> set[str]:
    return {row[0] for row in connection.execute(select_known_ids(event_ids), list(event_ids))}


def _rows(new: Sequence[EventRecord], reading: int, chunk: int) -> Iterator[tuple[object, ...]]:
    start = 0
    for event in new:
        length = len(event.body)
        yield (*event[: len(EVENT_KEYS)], chunk, start, length, reading)
        start += length


def _records(connection: sqlite3.Connection, rows: sqlite3.Cursor) -> Iterator[EventRecord]:
    """Rows with their bodies; a chunk is unpacked once for the neighbours in it."""
    held, unpacked = 0, b""
    for row in rows:
        *keys, chunk, start, length = row
        if chunk != held:
            packed = connection.execute("SELECT body FROM chunks WHERE id = ?", (chunk,)).fetchone()[0]
            held, unpacked = chunk, zlib.decompress(packed)
        yield EventRecord._make((*keys, unpacked[start : start + length]))
