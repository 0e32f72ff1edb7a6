"""Sessionless payments in an archive: payment intents of which Stripe said that no checkout session belongs to them.

The table is made when the first is kept, and leaves the archive's format as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from creditctl.ledger.archive.file import ArchiveFile

_CREATE = "CREATE TABLE IF NOT EXISTS sessionless_payments (intent TEXT PRIMARY KEY) STRICT, WITHOUT ROWID"
_EXISTS = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'sessionless_payments'"


@dataclass(frozen=True, slots=True)
class SessionlessStore:
    """The answers that are kept, so that Stripe is asked once for each: a session cannot be added later."""

    file: ArchiveFile

    def known(self) -> frozenset[str]:
        """Every payment intent that belongs to no session."""
        with self.file.read_session() as connection:
            if connection.execute(_EXISTS).fetchone() is None:
                return frozenset()
            return frozenset(row[0] for row in connection.execute("SELECT intent FROM sessionless_payments"))

    def keep(self, intents: Iterable[str]) -> None:
        """Keeps some more, all or none."""
        rows = [(intent,) for intent in intents]
        with self.file.write_session() as connection:
            connection.execute(_CREATE)
            connection.executemany("INSERT OR IGNORE INTO sessionless_payments VALUES (?)", rows)
