"""Pull store: what Stripe's lists showed, kept in the archive, with the watermarks up to which they tied out.

What has to hold whenever the process is killed: the objects of a stretch of time and the note that it was read are
written together; and a watermark moves only in one step with the note that everything up to it ties out.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from creditctl.ledger.archive import pull_schema
from creditctl.ledger.archive.body_compression import compressed_body, plain_body
from creditctl.ledger.archive.file import ArchiveFile
from creditctl.ledger.archive.pull_models import PulledObject, PullSlice, PullState, TieOutNotes
from creditctl.ledger.archive.touched_store import end_notes
from creditctl.ledger.sqlite.statements import batched, insert

_COLUMNS = ("list", *PulledObject._fields)
_UPSERT = (
    f"{insert('pulled', _COLUMNS)} ON CONFLICT (list, id) DO UPDATE SET created = excluded.created, "
    "payment = coalesce(excluded.payment, pulled.payment), open = excluded.open, "
    "body = excluded.body WHERE body <> excluded.body"
)
# While everything is read anew, only what that reading has seen is there.
_BODIES = (
    "SELECT body FROM pulled WHERE list = ? AND created >= ? AND created < ? AND (NOT (SELECT whole FROM pull_state) "
    "OR EXISTS (SELECT 1 FROM pull_seen AS seen WHERE seen.list = pulled.list AND seen.id = pulled.id)) "
    "ORDER BY created DESC, id"
)
_MOVE_MARKS = (
    "INSERT INTO pull_marks SELECT value, (SELECT max(created) FROM pulled WHERE list = value) FROM json_each(?) "
    "WHERE EXISTS (SELECT 1 FROM pulled WHERE list = value) "
    "ON CONFLICT (list) DO UPDATE SET until = excluded.until WHERE until <> excluded.until"
)
_DROP_UNSEEN = (
    "DELETE FROM pulled WHERE NOT EXISTS (SELECT 1 FROM pull_seen AS seen WHERE seen.list = pulled.list "
    "AND seen.id = pulled.id)"
)
_OPEN = (
    "SELECT id, payment, created FROM pulled WHERE list = ? AND open AND created >= ? AND created < ? ORDER BY created"
)
_BODIES_BY_ID = "SELECT p.id, p.body FROM json_each(?) j CROSS JOIN pulled p ON p.list = ? AND p.id = j.value"
_END_OF_TIME = 2**62


@dataclass(frozen=True)
class PullStore:
    """The pulled objects of one archive. Errors: LedgerError where SQLite fails; nothing is half written then."""

    file: ArchiveFile

    def state(self) -> PullState | None:
        """How far the pulls have come; None where nothing was ever pulled."""
        with self._reading() as connection:
            row = connection and connection.execute("SELECT layout, at, tied, whole FROM pull_state").fetchone()
        return None if not row else PullState(row[0], row[1], bool(row[2]), bool(row[3]))

    def begin_whole(self, layout: int, started: int, slices: Iterable[PullSlice]) -> None:
        """Begins a reading of everything: no watermark stands until it ties out."""
        with self.file.write_session() as connection:
            pull_schema.create(connection)
            for table in ("pull_slices", "pull_seen", "pull_marks"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
            connection.execute("INSERT OR REPLACE INTO pull_state VALUES (1, ?, ?, 0, 1)", (layout, started))
            connection.executemany("INSERT INTO pull_slices VALUES (?, ?, ?)", slices)

    def slices(self) -> list[PullSlice]:
        """What is left of a reading of everything."""
        with self._reading() as connection:
            rows = connection.execute("SELECT list, since, until FROM pull_slices").fetchall() if connection else []
        return [PullSlice(*row) for row in rows]

    def add_slices(self, slices: Iterable[PullSlice]) -> None:
        """Adds to what is left of a reading of everything."""
        with self.file.write_session() as connection:
            connection.executemany("INSERT INTO pull_slices VALUES (?, ?, ?)", slices)

    def keep(
        self, read: PullSlice, objects: Sequence[PulledObject], rest: Sequence[PullSlice] = (), *, whole: bool = False
    ) -> Sequence[PulledObject]:
        """Keeps what a stretch of a list showed, and what of it is left to be read; answers what was not kept before.

        Shape: unchanged objects are not written; of a reading of everything it is noted too what it has seen.
        """
        latest = {each.id: each for each in objects}
        known = dict(self.bodies_of(read.list, latest))
        fresh = [each for each in latest.values() if known.get(each.id) != each.body]
        if fresh or whole:
            rows = [(read.list, *each._replace(body=compressed_body(each.body))) for each in fresh]
            with self.file.write_session() as connection:
                before = connection.total_changes
                connection.executemany(_UPSERT, rows)
                if connection.total_changes > before:
                    connection.execute("UPDATE pull_state SET tied = 0 WHERE tied")
                if whole:
                    seen = [(read.list, each) for each in latest]
                    connection.executemany("INSERT OR IGNORE INTO pull_seen VALUES (?, ?)", seen)
                    connection.execute("DELETE FROM pull_slices WHERE list = ? AND since = ? AND until IS ?", read)
                    connection.executemany("INSERT INTO pull_slices VALUES (?, ?, ?)", rest)
        return fresh

    def settle(self, lists: str, at: int, tied: TieOutNotes | None = None) -> None:
        """Moves the watermarks, for everything that was read ties out; what a reading of everything missed is gone.

        Shape: `lists` are those that were read, as a JSON list; `tied` ends the notes of what changed.
        """
        with self.file.write_session() as connection:
            if connection.execute("SELECT whole FROM pull_state").fetchone()[0]:
                connection.execute(_DROP_UNSEEN)
                connection.execute("DELETE FROM pull_seen")
                connection.execute("DELETE FROM pull_slices")
            connection.execute(_MOVE_MARKS, (lists,))
            connection.execute("UPDATE pull_state SET at = ?, tied = 1, whole = 0", (at,))
            if tied is not None:
                end_notes(connection, tied)

    def marks(self) -> dict[str, int]:
        """The watermark of each list: the newest object up to which it was read and tied out. Units: Unix seconds."""
        with self._reading() as connection:
            return dict(connection.execute("SELECT list, until FROM pull_marks").fetchall()) if connection else {}

    def bodies(self, path: str, since: int | None = None, until: int | None = None) -> Iterator[bytes]:
        """The kept objects of a list, newest first, as JSON."""
        with self._reading() as connection:
            if connection is not None:
                bounds = (since or 0, _END_OF_TIME if until is None else until)
                yield from (plain_body(row[0]) for row in connection.execute(_BODIES, (path, *bounds)))

    def body(self, path: str, object_id: str) -> bytes | None:
        """One kept object, as JSON."""
        with self._reading() as connection:
            query = "SELECT body FROM pulled WHERE list = ? AND id = ?"
            row = connection and connection.execute(query, (path, object_id)).fetchone()
        return plain_body(row[0]) if row else None

    def bodies_of(self, path: str, ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Those of some objects that are kept, each as JSON, in no order."""
        with self._reading() as connection:
            if connection is not None:
                for some in batched(ids):
                    rows = connection.execute(_BODIES_BY_ID, (json.dumps(some), path))
                    yield from ((row[0], plain_body(row[1])) for row in rows)

    def unnamed(self, path: str, ids: Sequence[str]) -> frozenset[str]:
        """Those of some kept objects of which no payment is known."""
        query = "SELECT id FROM pulled WHERE list = ? AND id IN (SELECT value FROM json_each(?)) AND payment IS NULL"
        with self._reading() as connection:
            found = connection.execute(query, (path, json.dumps(ids))) if connection and ids else ()
            return frozenset(row[0] for row in found)

    def name(self, payments: Mapping[str, str]) -> None:
        """Keeps the payments of refunds and disputes that do not name one themselves; nothing is written twice."""
        named = "list IN ('refunds', 'disputes') AND id IN (SELECT value FROM json_each(?))"
        with self._reading() as connection:
            query = f"SELECT id, payment FROM pulled WHERE {named}"  # noqa: S608 - names of ours
            rows = connection.execute(query, (json.dumps(list(payments)),)) if connection and payments else ()
            new = [(payments[name], name) for name, payment in rows if payment != payments[name]]
        if new:
            query = "UPDATE pulled SET payment = ? WHERE list IN ('refunds', 'disputes') AND id = ?"
            with self.file.write_session() as connection:
                connection.executemany(query, new)

    def count(self, path: str, since: int, before: int) -> int:
        """How many objects of a list are kept of a stretch of time."""
        query = "SELECT count(*) FROM pulled WHERE list = ? AND created >= ? AND created < ?"
        with self._reading() as connection:
            return connection.execute(query, (path, since, before)).fetchone()[0] if connection else 0

    def ids(self, path: str, since: int) -> frozenset[str]:
        """The ids of a list from a moment on."""
        query = "SELECT id FROM pulled WHERE list = ? AND created >= ?"
        with self._reading() as connection:
            return frozenset(row[0] for row in connection.execute(query, (path, since))) if connection else frozenset()

    def newest(self, path: str) -> int | None:
        """When the newest kept object of a list was made."""
        with self._reading() as connection:
            query = "SELECT max(created) FROM pulled WHERE list = ?"
            row = connection and connection.execute(query, (path,)).fetchone()
        return row[0] if row else None

    def open(self, path: str, since: int, before: int) -> list[tuple[str, str | None, int]]:
        """The objects of a list that are not final, of a stretch of time, oldest first, with payment and age."""
        with self._reading() as connection:
            rows = connection.execute(_OPEN, (path, since, before)).fetchall() if connection else []
        return [(row[0], row[1], row[2]) for row in rows]

    def items(self, session_id: str) -> bytes | None:
        """The line items of a session, a JSON list; None where they were never read."""
        with self._reading() as connection:
            query = "SELECT body FROM pulled_items WHERE session = ?"
            row = connection and connection.execute(query, (session_id,)).fetchone()
        return row[0] if row else None

    def keep_items(self, items: Iterable[tuple[str, bytes]]) -> None:
        """Keeps the line items of sessions."""
        with self.file.write_session() as connection:
            pull_schema.create(connection)
            connection.executemany("INSERT OR REPLACE INTO pulled_items VALUES (?, ?)", items)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """The connection; None where nothing was ever pulled."""
        with self.file.read_session() as connection:
            yield connection if pull_schema.exists(connection) else None
