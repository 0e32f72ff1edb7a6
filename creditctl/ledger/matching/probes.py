"""Probes: runs the statements of probes.sql over what payments are worth and who was given what for them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from creditctl.ledger.archive import source_schema
from creditctl.ledger.sqlite.errors import translated

ABOUT_ENTRIES = "unexplained_entry"
"""The one probe that finds entries, by their numbers; the others find payments."""

_NAME = re.compile(r"^-- name: (\w+)\n(.*?);", re.MULTILINE | re.DOTALL)
_LEDGER = """
    CREATE TEMP VIEW entry AS
    SELECT id AS number, recorded, created, user_id, kind, 1 AS done, credits, amount, currency, payment_key,
        session_id, package, idempotency_key, livemode
    FROM ledger.credit_transactions
"""
# An application's own time proves nothing of when a row was written. A sign that its kind never has, is judged.
_SOURCE = """
    CREATE TEMP VIEW entry AS
    SELECT seq AS number, created AS recorded, created, user_id, kind,
        CASE WHEN status = 'done' AND contrary = 0 THEN 1 ELSE 0 END AS done, credits, amount, currency, payment_key,
        NULL AS session_id, NULL AS package, '' AS idempotency_key, coalesce(livemode, {livemode}) AS livemode
    FROM main.source_rows WHERE gone IS NULL
"""
_NO_SOURCE = """
    CREATE TEMP VIEW entry AS
    SELECT 0 AS number, 0 AS recorded, 0 AS created, '' AS user_id, '' AS kind, 0 AS done, 0 AS credits, 0 AS amount,
        '' AS currency, '' AS payment_key, '' AS session_id, '' AS package, '' AS idempotency_key, 0 AS livemode
    WHERE 0
"""
_ALL_DUE = (
    "CREATE TEMP VIEW due AS SELECT * FROM main.worth",
    "CREATE TEMP VIEW due_entry AS SELECT * FROM temp.entry",
)
# Whoever walks everything comes to a page once: a small cache stays in that of the processor. Units: KiB.
_CACHE = "PRAGMA {file}.cache_size = -256"
# The order of a CROSS JOIN is kept: the few that are due are walked, and each is found in an index.
_SOME_DUE = (
    "DROP VIEW temp.due",
    "DROP VIEW temp.due_entry",
    "CREATE TEMP VIEW due AS SELECT w.* FROM temp.due_payments d CROSS JOIN main.worth w ON w.payment = d.payment",
    "CREATE TEMP VIEW due_entry AS SELECT e.* FROM temp.due_numbers d CROSS JOIN temp.entry e ON e.number = d.number",
)


def statements() -> dict[str, str]:
    """The probes by their names, in their order."""
    text = resources.files("creditctl.ledger.matching").joinpath("probes.sql").read_text(encoding="utf-8")
    return dict(_NAME.findall(text))


@dataclass(frozen=True, slots=True)
class Suspects:
    """What the probes found: payments under any of their names, and entries by number.

    Shape: `named` counts all entries that name a payment, right or wrong.
    """

    payments: frozenset[str] = frozenset()
    unexplained: frozenset[int] = frozenset()
    named: int = 0


@dataclass(frozen=True)
class Probes:
    """The probes over an archive with what payments are worth, and over a ledger or, without one, a source's rows.

    Shape:  it reads both files and writes to neither; rows that do not say whether they are about real money are of
            `unsaid_livemode`.
    Units:  `scale` is how many smallest units a credit has in the entries, `grace_seconds` how much earlier than its
            payment an entry may have been written.
    Errors: LedgerError where SQLite fails.
    """

    archive: Path
    ledger: Path | None
    livemode: bool
    grace_seconds: int
    scale: int = 1
    unsaid_livemode: bool = False

    def run(self) -> Suspects:
        """Everything that any of them finds, over all payments and entries."""
        with self.connected() as connection:
            return self.over_all(connection)

    def over_all(self, connection: sqlite3.Connection) -> Suspects:
        """Everything that any of them finds. Shape: what takes longest is asked on a connection of its own meanwhile.

        What is written in between may be seen by one and not by the other; `connection` sees the earlier state.
        """
        connection.execute("SELECT count(*) FROM main.worth_terms").fetchone()  # from here on it sees one moment
        self._walks(connection)
        asked = statements()
        longest = {ABOUT_ENTRIES: asked.pop(ABOUT_ENTRIES)}
        with ThreadPoolExecutor(1) as beside:
            entries = beside.submit(self._beside, longest)
            found = self.found(connection, asked)
            named = connection.execute("SELECT count(*) FROM entry WHERE payment_key IS NOT NULL").fetchone()[0]
            return Suspects(found.payments, entries.result().unexplained, named)

    def over_some(
        self, connection: sqlite3.Connection, payments: Collection[str], numbers: Collection[int]
    ) -> Suspects:
        """What they find among some payments and entries, those of these payments among them."""
        _choose(connection, payments, numbers)
        return self.found(connection, statements())

    def found(self, connection: sqlite3.Connection, asked: Mapping[str, str]) -> Suspects:
        """What some of the statements find on a connection."""
        payments: set[str] = set()
        unexplained: set[int] = set()
        for name, statement in asked.items():
            rows = connection.execute(statement, self.parameters)
            if name == ABOUT_ENTRIES:
                unexplained.update(row[0] for row in rows)
            else:
                payments.update(row[0] for row in rows)
        return Suspects(frozenset(payments), frozenset(unexplained))

    def _beside(self, asked: Mapping[str, str]) -> Suspects:
        with self.connected() as connection:
            self._walks(connection)
            return self.found(connection, asked)

    def _walks(self, connection: sqlite3.Connection) -> None:
        """Prepares a connection for statements that walk whole tables."""
        for file in ("main",) if self.ledger is None else ("main", "ledger"):
            connection.execute(_CACHE.format(file=file))

    @property
    def parameters(self) -> Mapping[str, int]:
        """What the statements are bound to."""
        return {
            "livemode": int(self.livemode),
            "scale": self.scale,
            "grace": self.grace_seconds,
        }

    @contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        """A connection in which `worth` and `entry` can be asked, both as of one moment, and all of them are due."""
        with translated(self.archive), closing(_opened(self.archive)) as connection:
            if self.ledger is not None:
                connection.execute("ATTACH DATABASE ? AS ledger", (_read_only(self.ledger),))
                connection.execute(_LEDGER)
            else:
                there = source_schema.exists(connection)
                connection.execute(_SOURCE.format(livemode=int(self.unsaid_livemode)) if there else _NO_SOURCE)
            for statement in _ALL_DUE:
                connection.execute(statement)
            connection.execute("BEGIN")
            yield connection
            connection.execute("ROLLBACK")


def _choose(connection: sqlite3.Connection, payments: Collection[str], numbers: Collection[int]) -> None:
    """Makes some payments due, and all entries of theirs."""
    connection.execute("CREATE TEMP TABLE due_payments (payment TEXT PRIMARY KEY) WITHOUT ROWID")
    connection.execute("CREATE TEMP TABLE due_numbers (number INTEGER PRIMARY KEY)")
    connection.executemany("INSERT OR IGNORE INTO due_payments VALUES (?)", [(each,) for each in payments])
    connection.executemany("INSERT OR IGNORE INTO due_numbers VALUES (?)", [(each,) for each in numbers])
    connection.execute(
        "INSERT OR IGNORE INTO due_payments SELECT e.payment_key FROM due_numbers d "
        "CROSS JOIN entry e ON e.number = d.number WHERE e.payment_key IS NOT NULL"
    )
    connection.execute(
        "INSERT OR IGNORE INTO due_numbers SELECT e.number FROM due_payments d "
        "CROSS JOIN entry e ON e.payment_key = d.payment"
    )
    for statement in _SOME_DUE:
        connection.execute(statement)


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(_read_only(path), uri=True, timeout=30, isolation_level=None)


def _read_only(path: Path) -> str:
    return f"file:{quote(str(path.absolute()))}?mode=ro"
