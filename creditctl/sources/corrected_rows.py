"""Corrected rows: what the adjustments of a source correct, from its own ids to entries of the ledger."""

from __future__ import annotations

import json
import sqlite3
from typing import NamedTuple

from creditctl.core.entitlement.settlement import EntryKind
from creditctl.ledger.sqlite.statements import select
from creditctl.sources.imported_entry import Batch, ImportedEntry
from creditctl.sources.values.bad_value import BadRow

_COLUMNS = ("id", "idempotency_key", "payment_key", "corrects")
_UNDER_KEYS = select(_COLUMNS, "credit_transactions", "WHERE idempotency_key IN (SELECT value FROM json_each(?))")


def correctable(row: str, kind: str, row_field: str | None) -> str:
    """The id of a row that one of a kind may correct. Errors: BadRow."""
    if row_field is None:
        raise BadRow("it corrects another row, but the rows of this source have no id")
    if kind != EntryKind.ADJUSTMENT.value:
        raise BadRow(f"a {kind} corrects no other row; only an adjustment does")
    return row


class KnownRow(NamedTuple):
    """A row of the source that is in the ledger."""

    id: int
    key: str
    payment_key: str | None
    corrects: int | None


class CorrectedRows:
    """Names what each adjustment of one reading corrects.

    Shape: until it is written, `corrects` of a row is the key of the row that it corrects, where that is new too. What
           came before in this reading is remembered only where rows correct others at all.
    """

    def __init__(self) -> None:
        self._payments: dict[str, str | None] = {}

    def remember(self, entry: ImportedEntry) -> None:
        """Remembers a row that a later one may correct."""
        self._payments[entry.idempotency_key] = entry.payment_key

    def known(self, connection: sqlite3.Connection, batch: Batch) -> dict[str, KnownRow]:
        """What is in the ledger of the rows that correct others, and of those that are corrected."""
        keys = {key for _, entry in batch if isinstance(entry.corrects, str) for key in _keys_of(entry)}
        if not keys:
            return {}
        found = map(KnownRow._make, connection.execute(_UNDER_KEYS, (json.dumps(sorted(keys)),)))
        return {row.key: row for row in found}

    def resolved(self, entry: ImportedEntry, known: dict[str, KnownRow]) -> ImportedEntry:
        """The entry with what it corrects, and the payment of that where it names none itself.

        Errors: BadRow where it corrects a row that does not come before it, and names no payment.
        """
        if not isinstance(entry.corrects, str):
            return entry
        written, corrected = known.get(entry.idempotency_key), known.get(entry.corrects)
        if written is not None:
            return entry._replace(corrects=written.corrects, payment_key=entry.payment_key or written.payment_key)
        if corrected is not None:
            return entry._replace(corrects=corrected.id, payment_key=entry.payment_key or corrected.payment_key)
        if entry.corrects in self._payments:
            return entry._replace(payment_key=entry.payment_key or self._payments[entry.corrects])
        if entry.payment_key is None:
            raise BadRow("it corrects a row that does not come before it, and names no payment")
        return entry._replace(corrects=None)


def numbered(connection: sqlite3.Connection, batch: Batch, first: int) -> list[ImportedEntry]:
    """The entries of a batch with the numbers of those that they correct, where the first of them gets a number.

    Shape: what was left out meanwhile, because the ledger has it from elsewhere, is corrected by its payment alone.
    """
    wanted = sorted({entry.corrects for _, entry in batch if isinstance(entry.corrects, str)})
    if not wanted:
        return [entry for _, entry in batch]
    numbers = {row[1]: row[0] for row in connection.execute(_UNDER_KEYS, (json.dumps(wanted),))}
    entries = []
    for number, (_, entry) in enumerate(batch, first):
        numbers[entry.idempotency_key] = number
        named = numbers.get(entry.corrects) if isinstance(entry.corrects, str) else entry.corrects
        entries.append(entry._replace(corrects=named))
    return entries


def _keys_of(entry: ImportedEntry) -> tuple[str, str]:
    return entry.idempotency_key, str(entry.corrects)
