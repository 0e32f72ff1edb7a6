"""Worth store: what payments are worth, kept in the archive, with the names of what changed since on Stripe.

What has to hold whenever the process is killed: a change of what was pulled and the note that its payment is to be
judged again are one transaction (triggers), and so are new rows of worth and the end of those notes.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from creditctl.ledger.archive import pull_schema
from creditctl.ledger.archive.file import ArchiveFile
from creditctl.ledger.matching.bulk_load import bulk_load
from creditctl.ledger.matching.close_payments import mark_all, marking
from creditctl.ledger.matching.place import free_place
from creditctl.ledger.matching.recount import RECOUNT_WORTH
from creditctl.ledger.matching.worth import Worth
from creditctl.ledger.sqlite.statements import among, batched, insert, select

# The conflict clause of the statement that fires a trigger counts in it too, so that none is leant on here.
# Source: SQLite documentation, "CREATE TRIGGER".
_NOTE = (
    "INSERT INTO worth_touched SELECT {name} WHERE {name} IS NOT NULL "
    "AND NOT EXISTS (SELECT 1 FROM worth_touched WHERE name = {name})"
)


def _trigger(table: str, change: str, names: Sequence[str], when: str = "") -> str:
    """A trigger that notes which payments a change is about."""
    notes = " ".join(f"{_NOTE.format(name=name)};" for name in names)
    name = f"worth_{table}_{change.lower()}"
    return f"CREATE TRIGGER IF NOT EXISTS {name} AFTER {change} ON {table} {when} BEGIN {notes} END"


_SAYS_WORTH = "WHEN {row}.list <> 'balance_transactions'"
_STATEMENTS = (
    """
    CREATE TABLE IF NOT EXISTS worth (
        place INTEGER PRIMARY KEY,
        payment TEXT NOT NULL UNIQUE,
        session_id TEXT,
        look INTEGER NOT NULL,
        user_id TEXT,
        credits INTEGER NOT NULL,
        amount INTEGER NOT NULL,
        total INTEGER,
        currency TEXT,
        package TEXT,
        opened INTEGER NOT NULL,
        paid INTEGER NOT NULL,
        facts INTEGER NOT NULL,
        taken INTEGER NOT NULL,
        returned INTEGER NOT NULL,
        bought INTEGER,
        twice INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    "CREATE INDEX IF NOT EXISTS worth_look ON worth (payment) WHERE look = 1",
    # These two cover what their probe asks: with the terms of the index itself, or SQLite looks each row up.
    """
    CREATE INDEX IF NOT EXISTS worth_facts ON worth (payment, facts, look, user_id, taken, returned) WHERE facts > 0
    """,
    """
    CREATE INDEX IF NOT EXISTS worth_credited ON worth (payment, look, user_id) WHERE look = 0 AND user_id IS NOT NULL
    """,
    "CREATE INDEX IF NOT EXISTS worth_twice ON worth (payment) WHERE twice = 1",
    "CREATE INDEX IF NOT EXISTS worth_bought ON worth (user_id, bought, payment) WHERE bought IS NOT NULL",
    # What a ledger said of the refunds and disputes of a payment when it was judged, as a digest.
    "CREATE TABLE IF NOT EXISTS worth_known (payment TEXT PRIMARY KEY, said TEXT NOT NULL) STRICT, WITHOUT ROWID",
    # The one row: by which catalogue, mapping and version the rows were judged.
    "CREATE TABLE IF NOT EXISTS worth_terms (id INTEGER PRIMARY KEY CHECK (id = 1), digest TEXT NOT NULL) STRICT",
    # Payments, under any of their names, of which something was read since they were judged.
    "CREATE TABLE IF NOT EXISTS worth_touched (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
    _trigger("pulled", "INSERT", ("NEW.id", "NEW.payment"), _SAYS_WORTH.format(row="NEW")),
    _trigger("pulled", "UPDATE", ("NEW.id", "NEW.payment", "OLD.payment"), _SAYS_WORTH.format(row="NEW")),
    _trigger("pulled", "DELETE", ("OLD.id", "OLD.payment"), _SAYS_WORTH.format(row="OLD")),
    _trigger("pulled_items", "INSERT", ("NEW.session",)),
)
_IS_THERE = (
    "SELECT 1 FROM sqlite_master i, pragma_table_info('worth') c "
    "WHERE i.type = 'index' AND i.name = 'worth_twice' AND c.name = 'place'"
)
# Rows of an earlier layout are judged anew, as after every change of the rules.
_EARLIER = tuple(f"DROP TABLE IF EXISTS {table}" for table in ("worth", "worth_terms", "worth_counts"))
_IS_PLAIN = "({row}.look = 0 AND {row}.user_id IS NOT NULL)"


def _counting(change: str, rows: str, plain: str) -> str:
    """A trigger that keeps the counts of rows, so that no run has to count them."""
    said = f"UPDATE worth_counts SET rows = rows + {rows}, plain = plain + {plain};"  # noqa: S608 - conditions of ours
    return f"CREATE TRIGGER worth_counted_{change.split()[0].lower()} AFTER {change} ON worth BEGIN {said} END"


_NEW, _OLD = _IS_PLAIN.format(row="NEW"), _IS_PLAIN.format(row="OLD")
_COUNTS = (
    # The one row: how many payments have a row, how many of these are worth credits and not judged every time, and up
    # to when the rows know what a ledger learned of refunds and disputes.
    """
    CREATE TABLE worth_counts (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        rows INTEGER NOT NULL,
        plain INTEGER NOT NULL,
        learned INTEGER NOT NULL
    ) STRICT
    """,
    "INSERT INTO worth_counts SELECT 1, count(*), coalesce(sum(look = 0 AND user_id IS NOT NULL), 0), 0 FROM worth",
    _counting("INSERT", "1", _NEW),
    _counting("DELETE", "-1", f"(0 - {_OLD})"),
    _counting("UPDATE OF look, user_id", "0", f"({_NEW} - {_OLD})"),
)
_COLUMNS = Worth._fields
_NUMBERED = tuple(f"?{at}" for at, _ in enumerate(_COLUMNS, 1))
_INSERT = (
    f"INSERT INTO worth (place, {', '.join(_COLUMNS)}) "  # noqa: S608 - names of ours
    f"VALUES ({free_place(_NUMBERED[_COLUMNS.index('opened')])}, {', '.join(_NUMBERED)})"
)
_SOME = select(_COLUMNS, "worth", f"WHERE {among('payment')}")
_KNOWN = insert("worth_known", ("payment", "said"), otherwise="REPLACE")
_NOTHING: Mapping[str, str] = {}
_PLAIN = "look = 0 AND user_id IS NOT NULL"
_CREDITED_OF = select(("count(*)",), "worth", f"WHERE {_PLAIN} AND {among('payment')}")
_BOUGHT_BY = select(("payment",), "worth", f"WHERE {_PLAIN} AND user_id = ?")


@dataclass(frozen=True)
class WorthStore:
    """The rows of worth of one archive. Errors: LedgerError where SQLite fails; nothing is half written then."""

    file: ArchiveFile

    def prepare(self) -> None:
        """Makes the tables where they are not there yet; from then on every change of what is pulled is noted."""
        with self.file.read_session() as connection:
            if connection.execute(_IS_THERE).fetchone():
                return
        with self.file.write_session() as connection:
            if connection.execute(_IS_THERE).fetchone():
                return
            pull_schema.create(connection)
            for statement in (*_EARLIER, *_STATEMENTS, *_COUNTS):
                connection.execute(statement)

    def digest(self) -> str | None:
        """By which terms the rows were judged; None where none were."""
        return next((str(row[0]) for row in self._all("SELECT digest FROM worth_terms")), None)

    def touched(self) -> frozenset[str]:
        """What was read since the rows were judged, by the names of payments, sessions, refunds and disputes."""
        return frozenset(row[0] for row in self._all("SELECT name FROM worth_touched"))

    def payments(self) -> Iterator[str]:
        """The payments that have a row."""
        with self.file.read_session() as connection:
            yield from (row[0] for row in connection.execute("SELECT payment FROM worth"))

    def known(self) -> dict[str, str]:
        """What a ledger said of the refunds and disputes of payments when they were judged, as digests by payment."""
        return {row[0]: row[1] for row in self._all("SELECT payment, said FROM worth_known")}

    def having(self, payments: Collection[str]) -> frozenset[str]:
        """Those of some payments that have a row."""
        query = "SELECT w.payment FROM json_each(?) j CROSS JOIN worth w ON w.payment = j.value"
        return frozenset(row[0] for some in batched(payments) for row in self._all(query, json.dumps(some)))

    def known_of(self, payments: Collection[str]) -> dict[str, str]:
        """As `known`, of some payments."""
        query = "SELECT k.payment, k.said FROM json_each(?) j CROSS JOIN worth_known k ON k.payment = j.value"
        return {row[0]: row[1] for some in batched(payments) for row in self._all(query, json.dumps(some))}

    def learned(self) -> int:
        """Up to when the rows know what a ledger learned of refunds and disputes. Units: Unix seconds."""
        return int(self._all("SELECT learned FROM worth_counts")[0][0])

    def count(self) -> int:
        """How many payments have a row."""
        return int(self._all("SELECT rows FROM worth_counts")[0][0])

    def credited(self, but: Collection[str] = ()) -> int:
        """How many payments are worth credits and are not judged every time, but for some."""
        with self.file.read_session() as connection:
            total = connection.execute("SELECT plain FROM worth_counts").fetchone()[0]
            left = (connection.execute(_CREDITED_OF, (json.dumps(some),)).fetchone()[0] for some in batched(but))
            return int(total) - sum(map(int, left))

    def buys(self, user_id: str, but: Collection[str] = ()) -> bool:
        """Whether a user has a payment that is worth credits and is not judged every time, but for some."""
        with self.file.read_session() as connection:
            return any(row[0] not in but for row in connection.execute(_BOUGHT_BY, (user_id,)))

    def replace(
        self, rows: Iterable[Worth], digest: str, known: Mapping[str, str] = _NOTHING, learned: int = 0
    ) -> None:
        """Keeps these rows in place of all others. Shape: `known`, `learned` as the methods of these names answer."""
        with self._changing(digest, learned) as connection:
            with bulk_load(connection, "worth"):
                for table in ("worth", "worth_touched", "worth_known"):
                    connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
                connection.executemany(_INSERT, rows)
            connection.execute(RECOUNT_WORTH)
            _end_what_probes_found(connection)
            mark_all(connection)
            connection.executemany(_KNOWN, known.items())

    def update(
        self,
        rows: Iterable[Worth],
        digest: str,
        *,
        gone: Collection[str] = (),
        handled: Collection[str] = (),
        known: Mapping[str, str] = _NOTHING,
        learned: int = 0,
    ) -> None:
        """Keeps rows that are new or differ, drops those that are gone, and ends the notes that were handled.

        Shape: `known` is what is known otherwise by now, of payments among the rows; `learned` as of the method.
        """
        gone = frozenset(gone)
        with self._changing(digest, learned) as connection:
            after = {row.payment: row for row in rows if row.payment not in gone}
            before = _some(connection, {*after, *gone})
            moved = [name for name in {**before, **after} if _place(before, name) != _place(after, name)]
            with marking(connection, moved):
                _write(connection, before, after)
                for table in ("worth", "worth_known"):
                    query = f"DELETE FROM {table} WHERE payment = ?"  # noqa: S608 - names of ours
                    connection.executemany(query, [(each,) for each in gone])
            connection.executemany(_KNOWN, known.items())
            connection.executemany("DELETE FROM worth_touched WHERE name = ?", [(each,) for each in handled])

    @contextmanager
    def _changing(self, digest: str, learned: int) -> Iterator[sqlite3.Connection]:
        with self.file.write_session() as connection:
            yield connection
            connection.execute("UPDATE worth_counts SET learned = ?1 WHERE learned <> ?1", (learned,))
            query = "INSERT INTO worth_terms VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET digest = excluded.digest"
            connection.execute(f"{query} WHERE digest <> excluded.digest", (digest,))

    def _all(self, query: str, *values: str) -> list[tuple[str, ...]]:
        with self.file.read_session() as connection:
            return connection.execute(query, values).fetchall()


def _end_what_probes_found(connection: sqlite3.Connection) -> None:
    """Makes the next run ask about everything (SuspectStore): no change of all these rows has been noted."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'match_state'").fetchone():
        connection.execute("DELETE FROM match_state")


def _some(connection: sqlite3.Connection, payments: Collection[str]) -> dict[str, Worth]:
    found = (connection.execute(_SOME, (json.dumps(some),)) for some in batched(payments))
    return {row[0]: Worth._make(row) for rows in found for row in rows}


def _place(rows: Mapping[str, Worth], payment: str) -> tuple[str | None, int | None]:
    """Whose payment it is, and when it was bought: what decides which others are close to it."""
    row = rows.get(payment)
    return (None, None) if row is None else (row.user_id, row.bought)


def _write(connection: sqlite3.Connection, before: Mapping[str, Worth], after: Mapping[str, Worth]) -> None:
    """Adds rows that are new, and writes of others only what differs: indexes of other columns stay as they are."""
    connection.executemany(_INSERT, [row for name, row in after.items() if name not in before])
    changes: dict[tuple[str, ...], list[tuple[str | int | None, ...]]] = defaultdict(list)
    for name, old in before.items():
        differs = [at for at, each in enumerate(after.get(name, old)) if each != old[at]]
        if differs:
            changes[tuple(_COLUMNS[at] for at in differs)].append((*(after[name][at] for at in differs), name))
    for columns, values in changes.items():
        said = [f"{column} = ?{at}" for at, column in enumerate(columns, 1)]
        said += [f"place = {free_place(f'?{at}')}" for at, column in enumerate(columns, 1) if column == "opened"]
        query = f"UPDATE worth SET {', '.join(said)} WHERE payment = ?{len(columns) + 1}"  # noqa: S608 - names of ours
        connection.executemany(query, values)
