"""Suspect store: what the probes found in the last run, kept in the archive, with the names of what changed since.

A payment can only become suspect, or stop to be, where its worth changed, an entry of it, or the worth of one that the
same user paid shortly before or after. So a night asks about these and about the suspects of the night before.

What has to hold whenever the process is killed: a change and the note of it are one transaction (triggers; entries of a
ledger are only ever added, and are counted), and so are what the probes found and the end of the notes that they saw.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from creditctl.ledger.archive import source_schema
from creditctl.ledger.archive.file import ArchiveFile
from creditctl.ledger.matching.probes import Probes, Suspects

MOST_DUE = 50_000
"""With more to be asked about, asking about everything takes no longer."""

_MARK = "INSERT INTO match_touched (payment, number) VALUES ({payment}, {number});"
# While no run has kept anything, the next one asks about everything anyway.
_KEPT = "WHEN EXISTS (SELECT 1 FROM match_state)"


def _trigger(table: str, change: str, rows: Iterable[str], payment: str, number: str) -> str:
    """A trigger that notes what a change of a table is about."""
    marks = " ".join(_MARK.format(payment=f"{row}.{payment}", number=number.format(row=row)) for row in rows)
    name = f"match_{table}_{change.split()[0].lower()}"
    return f"CREATE TRIGGER {name} AFTER {change} ON {table} {_KEPT} BEGIN {marks} END"


def _triggers(
    table: str, changed: str, payment: str, number: str, rows: Sequence[str] = ("OLD", "NEW")
) -> tuple[str, ...]:
    """The triggers of a table: of a change the names of before and after are noted."""
    return (
        _trigger(table, "INSERT", ("NEW",), payment, number),
        _trigger(table, changed, rows, payment, number),
        _trigger(table, "DELETE", ("OLD",), payment, number),
    )


_STATEMENTS = (
    # A number is never given twice, so that what is noted while the probes run is not ended with what they saw.
    """
    CREATE TABLE IF NOT EXISTS match_touched (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        payment TEXT,
        number INTEGER
    ) STRICT
    """,
    "CREATE TABLE IF NOT EXISTS match_payments (payment TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS match_entries (number INTEGER PRIMARY KEY) STRICT",
    # The one row: by which terms the probes were asked, up to which entry of a ledger, with its hash, and how often.
    """
    CREATE TABLE IF NOT EXISTS match_state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        terms TEXT NOT NULL,
        last INTEGER NOT NULL,
        hash TEXT NOT NULL,
        named INTEGER NOT NULL,
        times INTEGER NOT NULL
    ) STRICT
    """,
    *_triggers("worth", "UPDATE", "payment", "NULL", ("NEW",)),
)
# That a row was seen once more says nothing new of it.
_ROW_CHANGES = (
    "UPDATE OF row_id, created, user_id, kind, status, credits, contrary, amount, currency, payment_key, livemode, gone"
)
_OF_SOURCE = _triggers("source_rows", _ROW_CHANGES, "payment_key", "{row}.seq")
_EXISTS = "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = ?"
_HEAD = "SELECT id, hash FROM ledger.credit_transactions ORDER BY id DESC LIMIT 1"
_SINCE = "SELECT id, payment_key IS NOT NULL FROM ledger.credit_transactions WHERE id > ?"


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the last run kept, and what was noted since.

    Shape: `seen` is the last note, `last` an entry's number, `times` how often something was kept.
    """

    terms: str | None
    last: int
    hash: str
    named: int
    suspects: Suspects
    touched: tuple[tuple[str | None, int | None], ...]
    seen: int
    times: int


@dataclass(frozen=True)
class SuspectStore:
    """The suspects of one archive. Errors: LedgerError where SQLite fails; nothing is half written then."""

    file: ArchiveFile

    def prepare(self) -> None:
        """Makes the tables where they are not there yet, beside those of WorthStore; from then on changes are noted."""
        with self.file.read_session() as connection:
            lacking = _lacking(connection)
        if lacking:
            with self.file.write_session() as connection:
                for statement in _lacking(connection):
                    connection.execute(statement)
                connection.execute("DELETE FROM match_state")

    def refreshed(self, probes: Probes, terms: str, *, most: int = MOST_DUE) -> Suspects:
        """Everything that is suspect now: what was, and what changed, is asked about; or everything, if it has to be.

        Shape: `terms` are those by which a payment's worth was judged.
        """
        terms = _named_terms(probes, terms)
        with probes.connected() as connection:
            kept = _kept(connection, most)
            last, digest = _head(connection, probes)
            numbers = _fresh(connection, probes, kept, terms)
            due = None if numbers is None or len(kept.touched) > most else _due(kept, numbers)
            if due is None or len(due[0]) + len(due[1]) > most:
                found = probes.over_all(connection)
            else:
                found = probes.over_some(connection, *due)
                found = Suspects(found.payments, found.unexplained, _named(connection, probes, kept, numbers or {}))
        self._keep(kept, _Kept(terms, last, digest, found.named, found, (), kept.seen, kept.times))
        return found

    def news(self, probes: Probes, terms: str, *, most: int = MOST_DUE) -> frozenset[int] | None:
        """The entries of a ledger to be asked about: those that are new or were suspect; None where that is all."""
        terms = _named_terms(probes, terms)
        with probes.connected() as connection:
            kept = _kept(connection, most)
            fresh = _fresh(connection, probes, kept, terms)
            if fresh is None or len(kept.touched) > most:
                return None
            payments, numbers = _due(kept, fresh)
            return frozenset(numbers) if len(payments) + len(numbers) <= most else None

    def forget(self) -> None:
        """Ends what was kept: the next run asks about everything."""
        with self.file.write_session() as connection:
            connection.execute("DELETE FROM match_state")

    def _keep(self, before: _Kept, now: _Kept) -> None:
        """Keeps what was found and ends the notes that were seen, in one step; nothing, where nothing is new.

        Nor where another run has kept something meanwhile: it may have seen more, and ended the notes of it.
        """
        if before == now:
            return
        was, found = before.suspects, now.suspects
        with self.file.write_session() as connection:
            if _times(connection) != before.times:
                return
            for table, column, old, new in (
                ("match_payments", "payment", was.payments, found.payments),
                ("match_entries", "number", was.unexplained, found.unexplained),
            ):
                gone, added = [(each,) for each in old - new], [(each,) for each in new - old]
                connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", gone)  # noqa: S608 - names of ours
                connection.executemany(f"INSERT OR IGNORE INTO {table} VALUES (?)", added)  # noqa: S608 - as above
            connection.execute("DELETE FROM match_touched WHERE id <= ?", (now.seen,))
            state = (now.terms, now.last, now.hash, now.named, before.times + 1)
            connection.execute("INSERT OR REPLACE INTO match_state VALUES (1, ?, ?, ?, ?, ?)", state)


def _named_terms(probes: Probes, terms: str) -> str:
    """What the answers of the probes rest on beside the rows."""
    return repr((terms, sorted(probes.parameters.items()), probes.ledger is None, probes.unsaid_livemode))


def _times(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT times FROM match_state").fetchone()
    return 0 if row is None else int(row[0])


def _lacking(connection: sqlite3.Connection) -> tuple[str, ...]:
    """The statements that are still to be carried out; rows of a source may come later than the rest."""
    own = () if connection.execute(_EXISTS, ("match_worth_delete",)).fetchone() else _STATEMENTS
    rows = (
        source_schema.exists(connection) and not connection.execute(_EXISTS, ("match_source_rows_delete",)).fetchone()
    )
    return (*own, *(_OF_SOURCE if rows else ()))


def _kept(connection: sqlite3.Connection, most: int) -> _Kept:
    """What is kept. Shape: of more notes than `most` no more are read, for then everything is asked about."""
    state = connection.execute("SELECT terms, last, hash, named, times FROM main.match_state").fetchone()
    payments = frozenset(row[0] for row in connection.execute("SELECT payment FROM main.match_payments"))
    numbers = frozenset(row[0] for row in connection.execute("SELECT number FROM main.match_entries"))
    marks = connection.execute(
        "SELECT DISTINCT payment, number FROM main.match_touched LIMIT ?", (most + 1,)
    ).fetchall()
    (seen,) = connection.execute("SELECT coalesce(max(id), 0) FROM main.match_touched").fetchone()
    terms, last, digest, named, times = state or (None, 0, "", 0, 0)
    return _Kept(terms, last, digest, named, Suspects(payments, numbers, named), tuple(marks), seen, times)


def _head(connection: sqlite3.Connection, probes: Probes) -> tuple[int, str]:
    """The last entry of a ledger, and its hash; of a source's rows each change is noted instead."""
    row = None if probes.ledger is None else connection.execute(_HEAD).fetchone()
    return (0, "") if row is None else (int(row[0]), str(row[1]))


def _fresh(connection: sqlite3.Connection, probes: Probes, kept: _Kept, terms: str) -> Mapping[int, bool] | None:
    """The entries that a ledger has gained, and whether they name a payment; None where everything is to be asked.

    Shape: it is, where the terms are others, and where this is not the ledger, or not the history, of the last run.
    """
    if kept.terms != terms:
        return None
    if probes.ledger is None:
        return {}
    query = "SELECT hash FROM ledger.credit_transactions WHERE id = ?"
    row = connection.execute(query, (kept.last,)).fetchone()
    if kept.last and (row is None or row[0] != kept.hash):
        return None
    return {number: bool(names) for number, names in connection.execute(_SINCE, (kept.last,))}


def _due(kept: _Kept, fresh: Iterable[int]) -> tuple[set[str], set[int]]:
    """The payments and entries to be asked about."""
    payments = {payment for payment, _ in kept.touched if payment is not None}
    numbers = {number for _, number in kept.touched if number is not None}
    return payments | kept.suspects.payments, numbers | kept.suspects.unexplained | set(fresh)


def _named(connection: sqlite3.Connection, probes: Probes, kept: _Kept, fresh: Mapping[int, bool]) -> int:
    """How many entries name a payment: those of a ledger are only ever added, so that the new ones are counted."""
    if probes.ledger is not None:
        return kept.named + sum(fresh.values())
    return int(connection.execute("SELECT count(*) FROM entry WHERE payment_key IS NOT NULL").fetchone()[0])
