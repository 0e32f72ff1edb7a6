"""Deduplication of imported rows: which are in the ledger already, from this source or another way."""

from __future__ import annotations

import json
import sqlite3

from creditctl.core.findings import Severity
from creditctl.ledger.sqlite.statements import select
from creditctl.sources.imported_entry import Batch, Identity, ImportedEntry, identity_of
from creditctl.sources.report import ImportReport

_UNDER_KEYS = select(
    ImportedEntry._fields, "credit_transactions", "WHERE idempotency_key IN (SELECT value FROM json_each(?))"
)
_LAST_ROW = (
    "SELECT max(CAST(substr(idempotency_key, ?) AS INTEGER)) FROM credit_transactions "
    "WHERE idempotency_key >= ? AND idempotency_key < ?"
)
_ANY_OWN = "SELECT EXISTS (SELECT 1 FROM credit_transactions WHERE idempotency_key >= ? AND idempotency_key < ?)"
_ANY_OTHER = "SELECT EXISTS (SELECT 1 FROM credit_transactions WHERE idempotency_key < ? OR idempotency_key >= ?)"
_OF_PAYMENTS = (
    "SELECT payment_key, kind, credits, amount, id, idempotency_key FROM credit_transactions "
    "WHERE payment_key IN (SELECT value FROM json_each(?)) AND NOT (idempotency_key >= ? AND idempotency_key < ?)"
)
_CHANGED_FIX = "The ledger is append-only: post the difference with `creditctl ledger adjust`."
_MOVED_FIX = "Lines were moved, or it is another file: give the rows an id column; --name tells files apart."
_REPEATED_FIX = "It was taken once. Where both are meant, give each row an id of its own."
_ELSEWHERE_FIX = "If it is the same source under another name, say --name; --allow-known writes it all the same."


class Deduplicator:
    """Tells new rows of one source from those that are in the ledger, on one connection.

    Shape: `prefix` is what the source's keys begin with; `by_line` says that only the line tells its rows apart;
           with `allow_known` rows that are in the ledger from elsewhere count as new.
    """

    def __init__(self, prefix: str, *, by_line: bool, allow_known: bool) -> None:
        self._range = (prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1))
        self._by_line = by_line
        self._allow_known = allow_known

    def last_row(self, connection: sqlite3.Connection) -> int | None:
        """The highest numbered row of the source that was imported."""
        found = connection.execute(_LAST_ROW, (len(self._range[0]) + 1, *self._range)).fetchone()[0]
        return None if found is None else int(found)

    def unseen(self, connection: sqlite3.Connection, batch: Batch, report: ImportReport) -> Batch:
        """The rows whose keys are not in the ledger yet; the others are noted in the report."""
        begun = connection.execute(_ANY_OWN, self._range).fetchone()[0]
        known = _under_keys(connection, batch) if begun else {}
        before = set(known)
        fresh: Batch = []
        for row in batch:
            line, entry = row
            key = entry.idempotency_key
            seen = known.setdefault(key, entry)
            if seen is entry:
                fresh.append(row)
            elif seen != entry:
                self._note_changed(report, line, seen, entry)
            elif key in before:
                report.existing += 1
            else:
                report.repeated += 1
                message = f"{key} came before in this source"
                report.name("import.repeated", Severity.LOW, line, message, _REPEATED_FIX)
        return fresh

    def _note_changed(self, report: ImportReport, line: int | str, seen: ImportedEntry, entry: ImportedEntry) -> None:
        report.changed += 1
        report.lines_moved = report.lines_moved or self._by_line
        fix = _MOVED_FIX if self._by_line else _CHANGED_FIX
        report.name("import.changed", Severity.HIGH, line, _difference(seen, entry), fix)

    def not_elsewhere(self, connection: sqlite3.Connection, batch: Batch, report: ImportReport) -> Batch:
        """The rows whose payment has no such entry from elsewhere: a webhook, or an import under another name."""
        elsewhere = self._elsewhere(connection, batch)
        if not elsewhere:
            return batch
        fresh: Batch = []
        for row in batch:
            line, entry = row
            found = elsewhere.get(entry.identity)
            if found is None:
                fresh.append(row)
            else:
                report.elsewhere += 1
                message = f"entry {found[0]} ({found[1]}) says that of payment {entry.payment_key} already"
                report.name("import.known", Severity.HIGH, line, message, _ELSEWHERE_FIX)
        return fresh

    def any_elsewhere(self, connection: sqlite3.Connection, batch: Batch) -> bool:
        """Whether there is a row in the batch that `not_elsewhere` would leave out."""
        elsewhere = self._elsewhere(connection, batch)
        return bool(elsewhere) and any(entry.identity in elsewhere for _, entry in batch)

    def _elsewhere(self, connection: sqlite3.Connection, batch: Batch) -> dict[Identity, tuple[int, str]]:
        """What the payments of a batch have from elsewhere: the id and the key of each entry, by what it says."""
        if self._allow_known or not connection.execute(_ANY_OTHER, self._range).fetchone()[0]:
            return {}
        keys = json.dumps(sorted({entry.payment_key for _, entry in batch if entry.payment_key is not None}))
        found = connection.execute(_OF_PAYMENTS, (keys, *self._range))
        return {identity_of(*row[:4]): (row[4], row[5]) for row in found}


def _under_keys(connection: sqlite3.Connection, batch: Batch) -> dict[str, ImportedEntry]:
    """What is in the ledger under the keys of a batch."""
    keys = json.dumps([entry.idempotency_key for _, entry in batch])
    found = map(ImportedEntry._make, connection.execute(_UNDER_KEYS, (keys,)))
    return {entry.idempotency_key: entry for entry in found}


def _difference(seen: ImportedEntry, entry: ImportedEntry) -> str:
    pairs = zip(ImportedEntry._fields, seen, entry, strict=True)
    named = [f"{name} was {old!r} and is {new!r}" for name, old, new in pairs if old != new]
    return f"{entry.idempotency_key} was imported before: {', '.join(named)}"
