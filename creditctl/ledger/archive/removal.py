"""Removal from an archive: events with their bodies, and what is kept of a source, gone from the file for good.

What has to hold whenever it is killed: a chunk of bodies and the events in it change together, so that each event that
is still there has its body.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from creditctl.ledger.archive import pull_schema, source_schema
from creditctl.ledger.archive.models import EventQuery, EventRecord
from creditctl.ledger.archive.queries import condition
from creditctl.ledger.archive.source_models import SourceRow
from creditctl.ledger.archive.store import Archive, compressed
from creditctl.ledger.sqlite.statements import marks

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPEN_DISPUTES = """
    SELECT DISTINCT payment_key FROM events e WHERE type GLOB 'charge.dispute.*' AND payment_key IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM events c WHERE c.object_id = e.object_id AND c.type = 'charge.dispute.closed')
"""
_SKIP = (
    "UPDATE replay_items SET state = 'skipped', answer = 'removed' "
    "WHERE event_id = ? AND state IN ('pending', 'sending', 'failed')"
)


@dataclass(frozen=True, slots=True)
class UserTraces:
    """What an archive holds of one user.

    Shape: `found_by` are the events in the order in which they go: of the user's customer, of their payments, and those
           that name the user, by which the others are found again where a removal was killed. `held` events stay,
           because a dispute or finding needs them; so do the `listed` objects of Stripe's lists, by which every run
           judges.
    """

    found_by: tuple[tuple[str, ...], ...]
    held: tuple[str, ...]
    rows: int
    changes: int
    balances: int
    listed: int = 0

    @property
    def events(self) -> tuple[str, ...]:
        """All events that go."""
        return tuple(name for group in self.found_by for name in group)


def open_disputes(archive: Archive) -> frozenset[str]:
    """The payments of disputes that are not closed, by the events that were kept."""
    with archive.read_session() as connection:
        return frozenset(row[0] for row in connection.execute(_OPEN_DISPUTES))


def payments_of(archive: Archive, user_id: str, named: Iterable[EventRecord]) -> frozenset[str]:
    """The payments of a user, by the events that name the user and by the rows of a source."""
    found = {event.payment_key for event in named}
    with archive.read_session() as connection:
        if source_schema.exists(connection):
            query = "SELECT payment_key FROM source_rows WHERE user_id = ? OR owner = ?"
            found |= {row[0] for row in connection.execute(query, (user_id, user_id))}
    return frozenset(key for key in found if key)


def traces_of(
    archive: Archive, user_id: str, payments: frozenset[str], held: Collection[str], *, naming: Collection[str]
) -> UserTraces:
    """Everything that the archive holds of a user: by the user's name, their payments, and their Stripe customer.

    Shape: `naming` are the ids of the events that name the user.
    """
    named = list(archive.events(EventQuery(user_id=user_id, payment_keys=payments)))
    customers = _customers(archive, user_id, named)
    found = {event.id: event.payment_key for event in named}
    if customers:
        found |= {
            event.id: event.payment_key
            for event in archive.events(EventQuery())
            if any(name in event.body for name in customers)
        }
    kept = {name for name, payment in found.items() if payment in held}
    paid = {event.id for event in named}
    groups = _grouped((name for name in found if name not in kept), lambda name: (name in naming) + (name in paid))
    return UserTraces(groups, tuple(sorted(kept)), *_source_counts(archive, user_id), _listed(archive, payments))


def _grouped(names: Iterable[str], rank: Callable[[str], int]) -> tuple[tuple[str, ...], ...]:
    """Names by their rank: 0, 1 or 2."""
    ranked = [(rank(name), name) for name in names]
    return tuple(tuple(name for found, name in ranked if found == wanted) for wanted in range(3))


def _listed(archive: Archive, payments: frozenset[str]) -> int:
    """How many objects of Stripe's lists are kept of payments."""
    with archive.read_session() as connection:
        if not pull_schema.exists(connection):
            return 0
        query = "SELECT count(*) FROM pulled WHERE payment IN (SELECT value FROM json_each(?))"
        count: int = connection.execute(query, (json.dumps(sorted(payments)),)).fetchone()[0]
        return count


def _customers(archive: Archive, user_id: str, named: Sequence[EventRecord]) -> frozenset[bytes]:
    """The customers in a user's events, as bytes of a body; one that other users have too names nobody."""
    found, theirs = {name for each in named if (name := _customer(each.body)) is not None}, {each.id for each in named}
    others: set[str] = set()
    for event in archive.events(EventQuery()) if found else ():
        if event.id not in theirs and event.user_id not in (None, user_id) and (name := _customer(event.body)) in found:
            others.add(str(name))
    return frozenset(json.dumps(name).encode() for name in found - others)


def _customer(body: bytes) -> str | None:
    about = json.loads(body)["data"]["object"]
    named = about.get("id") if about.get("object") == "customer" else about.get("customer")
    named = named.get("id") if isinstance(named, dict) else named
    return named if isinstance(named, str) and named else None


def _source_counts(archive: Archive, user_id: str) -> tuple[int, int, int]:
    with archive.read_session() as connection:
        if not source_schema.exists(connection):
            return 0, 0, 0
        rows = connection.execute("SELECT count(*) FROM source_rows WHERE user_id = ? OR owner = ?", (user_id, user_id))
        changes = connection.execute(f"SELECT count(*) {_CHANGES_OF}", _whose(user_id))
        balances = connection.execute("SELECT count(*) FROM source_balances WHERE user_id = ?", (user_id,))
        return rows.fetchone()[0], changes.fetchone()[0], balances.fetchone()[0]


_CHANGES_OF = (
    "FROM source_changes WHERE row_id IN (SELECT row_id FROM source_rows WHERE user_id = :user OR owner = :user) "
    "OR :user IN (json_extract(before, :owner), json_extract(before, :mapped), json_extract(after, :owner), "
    "json_extract(after, :mapped))"
)
"""What rows of a user said before, and what rows said before they were another user's."""


def _whose(user_id: str) -> dict[str, str]:
    """A user, and where a kept change says whose its row was."""
    owner, mapped = (f"$[{SourceRow._fields.index(name)}]" for name in ("owner", "user_id"))
    return {"user": user_id, "owner": owner, "mapped": mapped}


def forget_user(archive: Archive, user_id: str, traces: UserTraces) -> None:
    """Removes what was found of a user, so that it stands nowhere in the file."""
    with _for_good(archive):
        for names in traces.found_by:
            _remove_events(archive, names)
        with archive.write_session() as connection:
            if source_schema.exists(connection):
                connection.execute(f"DELETE {_CHANGES_OF}", _whose(user_id))
                connection.execute("DELETE FROM source_rows WHERE user_id = ? OR owner = ?", (user_id, user_id))
                connection.execute("DELETE FROM source_balances WHERE user_id = ?", (user_id,))


def prune(archive: Archive, before: int, held: Collection[str]) -> int:
    """Removes the events from before a time, and rows that the application deleted before it; how many events.

    Shape: events of `held` payments stay. Units: `before` in Unix seconds.
    """
    where, values = condition(EventQuery(until=before))
    query = f"SELECT id, payment_key FROM events WHERE {where}"  # noqa: S608 - placeholders only
    with archive.read_session() as connection:
        old = [row[0] for row in connection.execute(query, values) if row[1] not in held]
        gone = source_schema.exists(connection)
    if not old and not gone:
        return 0
    with _for_good(archive):
        _remove_events(archive, old)
        if gone:
            _remove_gone_rows(archive, before, held)
    return len(old)


def _remove_gone_rows(archive: Archive, before: int, held: Collection[str]) -> None:
    """Rows that the application took out of its table long ago; what is there still, the judgement needs."""
    keys = sorted(held)
    free = f"(payment_key IS NULL OR payment_key NOT IN ({marks(keys)}))"
    query = f"SELECT row_id FROM source_rows WHERE gone < ? AND {free}"  # noqa: S608 - placeholders only
    with archive.write_session() as connection:
        names = json.dumps([row[0] for row in connection.execute(query, (before, *keys))])
        for table in ("source_changes", "source_rows"):
            connection.execute(f"DELETE FROM {table} WHERE row_id IN (SELECT value FROM json_each(?))", (names,))  # noqa: S608


def _remove_events(archive: Archive, event_ids: Sequence[str]) -> None:
    """Removes events chunk by chunk, each in a transaction of its own."""
    wanted = json.dumps(list(event_ids))
    with archive.read_session() as connection:
        query = "SELECT DISTINCT chunk FROM events WHERE id IN (SELECT value FROM json_each(?))"
        chunks = [row[0] for row in connection.execute(query, (wanted,))]
    gone = set(event_ids)
    for chunk in chunks:
        with archive.write_session() as connection:
            _rewrite(connection, chunk, gone)


def _rewrite(connection: sqlite3.Connection, chunk: int, gone: Collection[str]) -> None:
    packed = connection.execute("SELECT body FROM chunks WHERE id = ?", (chunk,)).fetchone()
    if packed is None:
        return
    body, left = zlib.decompress(packed[0]), b""
    rows = connection.execute("SELECT seq, id, start, length FROM events WHERE chunk = ? ORDER BY start", (chunk,))
    for seq, name, start, length in rows.fetchall():
        if name in gone:
            connection.execute("DELETE FROM events WHERE seq = ?", (seq,))
            connection.execute(_SKIP, (name,))
        else:
            connection.execute("UPDATE events SET start = ? WHERE seq = ?", (len(left), seq))
            left += body[start : start + length]
    if left:
        connection.execute("UPDATE chunks SET body = ? WHERE id = ?", (compressed(left), chunk))
    else:
        connection.execute("DELETE FROM chunks WHERE id = ?", (chunk,))


@contextmanager
def _for_good(archive: Archive) -> Iterator[None]:
    """What is deleted inside stands in no free page and no write-ahead log afterwards.

    Source: SQLite documentation, "PRAGMA secure_delete" and "PRAGMA wal_checkpoint".
    """
    with archive.read_session() as connection:
        connection.execute("PRAGMA secure_delete = ON").fetchall()
    yield
    with archive.read_session() as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
