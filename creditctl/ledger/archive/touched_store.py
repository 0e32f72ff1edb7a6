"""Touched store: which of the kept objects changed since everything tied out, and all that is kept of some payments.

A night reads these alone. What has to hold whenever the process is killed: a change of what was pulled and the note of
it are one transaction (triggers), and so are the end of the notes and what stays to be read again every night.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from creditctl.ledger.archive import pull_schema
from creditctl.ledger.archive.body_compression import plain_body
from creditctl.ledger.archive.file import ArchiveFile
from creditctl.ledger.archive.pull_models import TieOutNotes
from creditctl.ledger.sqlite.statements import batched

# Before everything tied out once there are no watermarks, and the next run reads everything anyway.
_NOTED = "WHEN EXISTS (SELECT 1 FROM pull_marks)"
_NOTE = "INSERT INTO pull_touched (name) VALUES ({name});"
_NAME = "coalesce({row}.payment, {row}.id)"
# The conflict clause of the statement that fires a trigger counts in it too, so that none is leant on here.
_MORE = (
    "INSERT INTO pull_counts SELECT NEW.list, 0 WHERE NOT EXISTS (SELECT 1 FROM pull_counts WHERE list = NEW.list); "
    "UPDATE pull_counts SET count = count + 1 WHERE list = NEW.list;"
)
_FEWER = "UPDATE pull_counts SET count = count - 1 WHERE list = OLD.list;"


def _trigger(change: str, what: str, statements: str, when: str = "") -> str:
    return f"CREATE TRIGGER pulled_{what}_{change.lower()} AFTER {change} ON pulled {when} BEGIN {statements} END"


def _notes(*rows: str) -> str:
    return " ".join(_NOTE.format(name=_NAME.format(row=row)) for row in rows)


_STATEMENTS = (
    "CREATE INDEX pulled_payment ON pulled (payment) WHERE payment IS NOT NULL",
    # A number is never given twice, so that what is noted while a night is read is not ended with what it saw.
    "CREATE TABLE pull_touched (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL) STRICT",
    # SQLite keeps the last number from the first row on; a run that changes nothing shall write nothing.
    "INSERT INTO pull_touched (name) VALUES ('')",
    "DELETE FROM pull_touched",
    # Payments that are read every night, under the name by which something speaks of them: Stripe is asked about them
    # again, or what it said of them could not be understood.
    "CREATE TABLE pull_again (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
    # Names of payments under which no object is kept, such as charges; of those that entries use.
    "CREATE TABLE pull_names (name TEXT PRIMARY KEY, payment TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE pull_counts (list TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "INSERT INTO pull_counts SELECT list, count(*) FROM pulled GROUP BY list",
    _trigger("INSERT", "counted", _MORE),
    _trigger("DELETE", "counted", _FEWER),
    _trigger("INSERT", "touched", _notes("NEW"), _NOTED),
    _trigger("UPDATE", "touched", _notes("NEW", "OLD"), _NOTED),
    # The one row: that everything tied out once these notes were kept, and whether with the balance transactions. It is
    # gone where everything is read anew, for nothing is noted meanwhile.
    "CREATE TABLE pull_tied (id INTEGER PRIMARY KEY CHECK (id = 1), readable INTEGER NOT NULL) STRICT",
    "CREATE TRIGGER pull_marks_gone AFTER DELETE ON pull_marks BEGIN DELETE FROM pull_tied; END",
)
_EXISTS = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'pull_tied'"
_WITH_ITEMS = (
    "SELECT coalesce(p.payment, p.id) FROM pulled_items i CROSS JOIN pulled p "
    "ON p.list = 'checkout/sessions' AND p.id = i.session"
)
_LISTS = ("checkout/sessions", "payment_intents", "refunds", "disputes", "balance_transactions")
_BY_ID = "SELECT p.id, p.payment FROM json_each(?) j CROSS JOIN pulled p ON p.list = ? AND p.id = j.value"
_OBJECT = "SELECT p.list, p.created, p.id, p.body FROM json_each(?) j CROSS JOIN pulled p"
_BODY_BY_ID = f"{_OBJECT} ON p.list = ? AND p.id = j.value"
_OF_PAYMENT = f"{_OBJECT} ON p.payment = j.value"
_ALIASES = "SELECT n.name, n.payment FROM json_each(?) j CROSS JOIN pull_names n ON n.name = j.value"

Bodies = Mapping[str, list[bytes]]
"""Objects as JSON, by list, newest first."""


@dataclass(frozen=True, slots=True)
class NotedNames:
    """The names that a night has to read, and the last note among them."""

    names: frozenset[str]
    seen: int


@dataclass(frozen=True)
class TouchedStore:
    """The notes about what was pulled into one archive. Errors: LedgerError where SQLite fails."""

    file: ArchiveFile

    def prepare(self) -> None:
        """Makes tables, index and triggers where they are not there yet; from then on changes are noted."""
        with self.file.read_session() as connection:
            if connection.execute(_EXISTS).fetchone():
                return
        with self.file.write_session() as connection:
            if not connection.execute(_EXISTS).fetchone():
                pull_schema.create(connection)
                for statement in _STATEMENTS:
                    connection.execute(statement)

    def tied(self) -> bool | None:
        """Whether the balance transactions were read when everything tied out last; None where nothing did."""
        with self.file.read_session() as connection:
            if not connection.execute(_EXISTS).fetchone():
                return None
            query = "SELECT readable FROM pull_tied WHERE EXISTS (SELECT 1 FROM pull_marks)"
            row = connection.execute(query).fetchone()
        return None if row is None else bool(row[0])

    def noted(self) -> NotedNames:
        """What changed since everything tied out, what is read every night, and what is worth what line items say."""
        with self.file.read_session() as connection:
            touched = connection.execute("SELECT id, name FROM pull_touched").fetchall()
            again = connection.execute("SELECT name FROM pull_again").fetchall()
            by_items = connection.execute(_WITH_ITEMS).fetchall()
        names = {name for _, name in touched} | {row[0] for row in (*again, *by_items)}
        return NotedNames(frozenset(names), max((number for number, _ in touched), default=0))

    def last_note(self) -> int:
        """The number of the last note."""
        with self.file.read_session() as connection:
            return int(connection.execute("SELECT coalesce(max(id), 0) FROM pull_touched").fetchone()[0])

    def again(self) -> frozenset[str]:
        """The names of the payments that are read every night."""
        with self.file.read_session() as connection:
            return frozenset(row[0] for row in connection.execute("SELECT name FROM pull_again"))

    def counts(self) -> dict[str, int]:
        """How many objects of each list are kept."""
        with self.file.read_session() as connection:
            return dict(connection.execute("SELECT list, count FROM pull_counts").fetchall())

    def payments_named(self, names: Collection[str]) -> dict[str, str]:
        """The payment of each of some names: of payments, of objects, and of others that were learned; else none."""
        found: dict[str, str] = {}
        with self.file.read_session() as connection:
            for some in map(json.dumps, batched(sorted(names))):
                found |= dict(connection.execute(_ALIASES, (some,)).fetchall())
                for path in _LISTS:
                    rows = connection.execute(_BY_ID, (some, path))
                    found |= {name: payment or name for name, payment in rows}
        return found

    def objects(self, payments: Iterable[str]) -> Bodies:
        """Everything that is kept of some payments; one without a payment intent is called as its object."""
        found: dict[str, dict[str, tuple[int, bytes]]] = defaultdict(dict)
        with self.file.read_session() as connection:
            for some in map(json.dumps, batched(sorted(set(payments)))):
                for path, created, name, body in _rows(connection, some):
                    found[path][name] = created, body
        return {path: _in_order(objects) for path, objects in found.items()}

    def learn(self, names: Mapping[str, str]) -> None:
        """Keeps the payments of names under which no object is kept."""
        with self.file.read_session() as connection:
            known = dict(connection.execute(_ALIASES, (json.dumps(sorted(names)),)).fetchall())
        new = [(name, payment) for name, payment in names.items() if known.get(name) != payment]
        if new:
            with self.file.write_session() as connection:
                connection.executemany("INSERT OR REPLACE INTO pull_names VALUES (?, ?)", new)


def end_notes(connection: sqlite3.Connection, tied: TieOutNotes) -> None:
    """Ends the notes of what ties out, in the caller's transaction."""
    before = {row[0] for row in connection.execute("SELECT name FROM pull_again")}
    connection.execute("DELETE FROM pull_touched WHERE id <= ?", (tied.seen,))
    connection.executemany("INSERT INTO pull_touched (name) VALUES (?)", [(each,) for each in sorted(tied.waiting)])
    connection.executemany("DELETE FROM pull_again WHERE name = ?", [(each,) for each in before - tied.again])
    connection.executemany("INSERT INTO pull_again VALUES (?)", [(each,) for each in tied.again - before])
    connection.execute(
        "INSERT INTO pull_tied SELECT 1, ? WHERE EXISTS (SELECT 1 FROM pull_marks) "
        "ON CONFLICT (id) DO UPDATE SET readable = excluded.readable WHERE readable <> excluded.readable",
        (int(tied.readable),),
    )


def _rows(connection: sqlite3.Connection, names: str) -> Iterator[tuple[str, int, str, bytes]]:
    yield from connection.execute(_OF_PAYMENT, (names,))
    for path in _LISTS:
        yield from connection.execute(_BODY_BY_ID, (names, path))


def _in_order(objects: Mapping[str, tuple[int, bytes]]) -> list[bytes]:
    """Newest first, as a list of Stripe's is."""
    ordered = sorted(objects.items(), key=lambda each: (-each[1][0], each[0]))
    return [plain_body(body) for _, (_, body) in ordered]
