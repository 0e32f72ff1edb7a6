"""Probes: runs the statements of probes.sql over what payments are worth and who was given what for them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
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
            payment an entry may have been written, `close_seconds` how soon after another a payment is one too many.
    Errors: LedgerError where SQLite fails.
    """

    archive: Path
    ledger: Path | None
    livemode: bool
    grace_seconds: int
    close_seconds: int
    scale: int = 1
    unsaid_livemode: bool = False

    def run(self) -> Suspects:
        """Everything that any of them finds."""
        payments: set[str] = set()
        unexplained: set[int] = set()
        with self.connected() as connection:
            for name, statement in statements().items():
                rows = connection.execute(statement, self.parameters)
                if name == ABOUT_ENTRIES:
                    unexplained.update(row[0] for row in rows)
                else:
                    payments.update(row[0] for row in rows)
            named = connection.execute("SELECT count(*) FROM entry WHERE payment_key IS NOT NULL").fetchone()[0]
        return Suspects(frozenset(payments), frozenset(unexplained), named)

    @property
    def parameters(self) -> Mapping[str, int]:
        """What the statements are bound to."""
        return {
            "livemode": int(self.livemode),
            "scale": self.scale,
            "grace": self.grace_seconds,
            "close": self.close_seconds,
        }

    @contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        """A connection in which `worth` and `entry` can be asked, both as of one moment."""
        with translated(self.archive), closing(_opened(self.archive)) as connection:
            if self.ledger is not None:
                connection.execute("ATTACH DATABASE ? AS ledger", (_read_only(self.ledger),))
                connection.execute(_LEDGER)
            else:
                there = source_schema.exists(connection)
                connection.execute(_SOURCE.format(livemode=int(self.unsaid_livemode)) if there else _NO_SOURCE)
            connection.execute("BEGIN")
            yield connection
            connection.execute("ROLLBACK")


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(_read_only(path), uri=True, timeout=30, isolation_level=None)


def _read_only(path: Path) -> str:
    return f"file:{quote(str(path.absolute()))}?mode=ro"
