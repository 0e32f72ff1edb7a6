"""Journals of deliveries to a backend: what is to be sent, is on its way, was answered. They outlive a kill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from creditctl.ledger.archive.file import ArchiveFile
from creditctl.ledger.archive.models import ReplayItem
from creditctl.ledger.archive.queries import ITEM_COLUMNS
from creditctl.ledger.sqlite.statements import select

_UNTRIED_STATES = "state IN ('pending', 'sending')"
_OPEN_STATES = "state IN ('pending', 'sending', 'failed')"

_OPEN_ITEMS = select(ITEM_COLUMNS, "replay_items", f"WHERE replay = ? AND {_OPEN_STATES} ORDER BY position")
_COUNT_OPEN = select(("count(*)",), "replay_items", f"WHERE replay = ? AND {_OPEN_STATES}")
_COUNT_UNTRIED = select(("count(*)",), "replay_items", f"WHERE replay = ? AND {_UNTRIED_STATES}")

_PASSED = "before the start"


@dataclass(frozen=True, slots=True)
class ReplayJournal:
    """Journal of replays: what each was asked to send, and how far it came."""

    file: ArchiveFile

    def unfinished(self, fingerprint: str) -> tuple[int, int] | None:
        """Number and starting time of the replay of the same selection that did not come to its end."""
        query = "SELECT id, started FROM replays WHERE fingerprint = ? AND finished IS NULL ORDER BY id DESC LIMIT 1"
        with self.file.read_session() as connection:
            row = connection.execute(query, (fingerprint,)).fetchone()
        return None if row is None else (row[0], row[1])

    def begin(self, fingerprint: str, target: str, started: int, event_ids: Sequence[str]) -> int:
        """A new replay of these events in this order; one of the same selection that is unfinished is given up."""
        with self.file.write_session() as connection:
            connection.execute(
                "UPDATE replays SET finished = ? WHERE fingerprint = ? AND finished IS NULL", (started, fingerprint)
            )
            query = "INSERT INTO replays (fingerprint, target, started) VALUES (?, ?, ?)"
            number = connection.execute(query, (fingerprint, target, started)).lastrowid or 0
            connection.executemany(
                "INSERT INTO replay_items (replay, position, event_id) VALUES (?, ?, ?)",
                ((number, position, event_id) for position, event_id in enumerate(event_ids)),
            )
        return number

    def accepted_before(self, fingerprint: str) -> dict[str, int]:
        """Every event that a replay of this selection delivered and that was accepted, with that replay's time."""
        query = (
            "SELECT event_id, max(started) FROM replays JOIN replay_items ON replay = id "
            "WHERE fingerprint = ? AND state = 'accepted' GROUP BY event_id"
        )
        with self.file.read_session() as connection:
            return dict(connection.execute(query, (fingerprint,)).fetchall())

    def open_items(self, replay: int) -> Iterator[ReplayItem]:
        """What is still to be sent, in order."""
        with self.file.read_session() as connection:
            rows = connection.execute(_OPEN_ITEMS, (replay,)).fetchall()
        return (ReplayItem(*row) for row in rows)

    def sending(self, replay: int, item: ReplayItem) -> None:
        """Notes that an event is about to be sent."""
        query = "UPDATE replay_items SET state = 'sending', tries = tries + 1 WHERE replay = ? AND position = ?"
        with self.file.write_session() as connection:
            connection.execute(query, (replay, item.position))

    def settle(self, replay: int, item: ReplayItem, state: str, answer: str) -> None:
        """Notes what came of it: accepted, failed or skipped."""
        query = "UPDATE replay_items SET state = ?, answer = ? WHERE replay = ? AND position = ?"
        with self.file.write_session() as connection:
            connection.execute(query, (state, answer, replay, item.position))

    def counts(self, replay: int) -> dict[str, int]:
        """How many events are in which state."""
        query = "SELECT state, count(*) FROM replay_items WHERE replay = ? GROUP BY state"
        with self.file.read_session() as connection:
            return dict(connection.execute(query, (replay,)).fetchall())

    def finish(self, replay: int, finished: int, *, each_once: bool = False) -> bool:
        """Ends a replay if nothing is left of it; returns whether it is at its end.

        Shape: what failed is left for another run, but for `each_once`, where having been tried is enough.
        """
        left_of = _COUNT_UNTRIED if each_once else _COUNT_OPEN
        with self.file.write_session() as connection:
            left = connection.execute(left_of, (replay,)).fetchone()[0]
            if not left:
                connection.execute("UPDATE replays SET finished = ? WHERE id = ?", (finished, replay))
        return not left


@dataclass(frozen=True, slots=True)
class ForwardJournal:
    """Journal of `events listen`: which events were forwarded to which URL."""

    file: ArchiveFile

    def since(self, target: str) -> int | None:
        """From when on the events of a target have to be looked at; None where nobody ever listened for it."""
        with self.file.read_session() as connection:
            row = connection.execute("SELECT since FROM listeners WHERE target = ?", (target,)).fetchone()
        return None if row is None else int(row[0])

    def targets(self) -> list[str]:
        """Every URL that was ever listened for."""
        with self.file.read_session() as connection:
            return [row[0] for row in connection.execute("SELECT target FROM listeners ORDER BY target")]

    def start(self, target: str, since: int) -> None:
        """Sets from when on events are wanted, also those passed over before; what was delivered is not forgotten."""
        query = "INSERT INTO listeners (target, since) VALUES (?, ?) ON CONFLICT (target) DO UPDATE SET since = ?"
        with self.file.write_session() as connection:
            connection.execute(query, (target, since, since))
            passed = "DELETE FROM forwards WHERE target = ? AND answer = ? AND created >= ?"
            connection.execute(passed, (target, _PASSED, since))

    def start_now(self, target: str, since: int, before: Sequence[tuple[str, int]], at: int) -> None:
        """Begins with what comes from now on. Shape: `before` are id and time of the events since `since` until now."""
        listener = "INSERT OR REPLACE INTO listeners (target, since) VALUES (?, ?)"
        forward = "INSERT OR IGNORE INTO forwards (target, event_id, at, created, answer) VALUES (?, ?, ?, ?, ?)"
        with self.file.write_session() as connection:
            connection.execute(listener, (target, since))
            connection.executemany(forward, [(target, name, at, created, _PASSED) for name, created in before])

    def accepted(self, target: str, event_id: str, created: int, at: int, answer: str, *, since: int) -> None:
        """Notes that a target took an event, which is not sent there again, and from when on events are wanted now."""
        query = "INSERT OR REPLACE INTO forwards (target, event_id, at, created, answer) VALUES (?, ?, ?, ?, ?)"
        with self.file.write_session() as connection:
            connection.execute(query, (target, event_id, at, created, answer))
            connection.execute("UPDATE listeners SET since = max(since, ?) WHERE target = ?", (since, target))

    def count(self, target: str) -> int:
        """How many events a target has taken."""
        with self.file.read_session() as connection:
            query = "SELECT count(*) FROM forwards WHERE target = ?"
            return int(connection.execute(query, (target,)).fetchone()[0])
