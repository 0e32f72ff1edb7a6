"""Import of an application's own rows into the ledger: checked first, then written batch by batch, each row once.

The idempotency key of a row says where it came from (`import:<source>:<row>`). So an import that was stopped, or is
run again on more rows, writes only what is missing, and a row that has changed since is named, not written.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import msgspec

from creditctl.core.findings import Severity
from creditctl.ledger.hashchain.canonical import fast_entry_hash
from creditctl.ledger.rows import INSERT_ENTRY
from creditctl.ledger.sqlite.errors import translated
from creditctl.ledger.store import Ledger
from creditctl.ledger.transaction import LedgerTransaction
from creditctl.sources.corrected_rows import CorrectedRows, numbered
from creditctl.sources.deduplicate import Deduplicator
from creditctl.sources.imported_entry import Batch, ImportedEntry
from creditctl.sources.report import ImportReport
from creditctl.sources.row import OtherMode, RowReader
from creditctl.sources.source import Source
from creditctl.sources.values.bad_value import BadRow

BATCH_ROWS = 5000
"""How many rows are written in one transaction; webhooks wait that long at most, a fraction of a second."""

OVERLAP_ROWS = 10_000
"""How many ids before the last imported one are read again: in a busy table a lower id may be committed later."""

Progress = Callable[[int], None]
_LENGTH_BYTES = 8
_LARGE_CACHE = "PRAGMA cache_size = -65536"  # KiB: the indexes are written in no order, and the default is 2 MiB


class _NotAllNew(Exception):
    """Some rows of a batch came into the ledger after they were judged, or come twice in the source."""


class Spool:
    """Spool file: rows that were judged good, kept on disk until they are written: what is checked is what is written.

    Shape: a nameless file beside the ledger; it is gone when it is closed, however the process ends.
    """

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by __exit__
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Batch).decode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._file.close()

    def keep(self, batch: Batch) -> None:
        """Adds rows at the end."""
        data = self._encode(batch)
        self._file.write(len(data).to_bytes(_LENGTH_BYTES, "big") + data)

    def batches(self) -> Iterator[Batch]:
        """All rows, as many at a time as they were kept."""
        self._file.seek(0)
        while head := self._file.read(_LENGTH_BYTES):
            yield self._decode(self._file.read(int.from_bytes(head, "big")))


@dataclass(frozen=True)
class Import:
    """One import: which rows, read how, into which ledger.

    Shape: `full` reads a numbered source from its start; else it goes on after what was imported.
           `skip_other_mode` counts rows of the other livemode instead of refusing them; `allow_known` writes what the
           ledger has from elsewhere a second time.
    """

    ledger: Ledger
    source: Source
    read_row: RowReader
    full: bool = False
    skip_other_mode: bool = False
    allow_known: bool = False
    batch_rows: int = BATCH_ROWS
    progress: Progress | None = None

    def check(self, spool: Spool) -> ImportReport:
        """Reads and judges every row, keeps the new ones in the spool, and writes nothing to the ledger."""
        with translated(self.ledger.path), _reader(self.ledger) as connection:
            report = self._new_report(connection)
            for batch in self._batches(report, connection):
                unseen = self._deduplicator.unseen(connection, batch, report)
                fresh = self._deduplicator.not_elsewhere(connection, unseen, report)
                report.count_new(fresh)
                if fresh:
                    spool.keep(fresh)
        return report

    def load(self, spool: Spool, checked: ImportReport) -> ImportReport:
        """Writes the rows of the spool that are still not there; a batch is there in full, or not at all."""
        report = deepcopy(checked)
        written = 0
        for batch in spool.batches():
            fresh = self._write(batch, report)
            if len(fresh) < len(batch):
                kept = {id(row) for row in fresh}
                report.uncount([row for row in batch if id(row) not in kept])
            written += len(fresh)
            if self.progress is not None:
                self.progress(written)
        return report

    def _write(self, batch: Batch, report: ImportReport) -> Batch:
        """Writes the rows that are still new, all of them or none, and gives them back."""
        try:
            return self._write_unchecked(batch)
        except _NotAllNew:
            with self.ledger.transaction() as tx:
                unseen = self._deduplicator.unseen(tx.connection, batch, report)
                fresh = self._deduplicator.not_elsewhere(tx.connection, unseen, report)
                _append(tx, fresh)
            return fresh

    def _write_unchecked(self, batch: Batch) -> Batch:
        """Writes all rows as if nobody had written since they were judged; the unique keys know better, and faster."""
        with self.ledger.transaction() as tx:
            tx.connection.execute(_LARGE_CACHE)
            if self._deduplicator.any_elsewhere(tx.connection, batch):
                raise _NotAllNew
            try:
                _append(tx, batch)
            except sqlite3.IntegrityError:
                raise _NotAllNew from None
        return batch

    @cached_property
    def _deduplicator(self) -> Deduplicator:
        by_line = self.read_row.row_field is None
        return Deduplicator(self.read_row.key_prefix, by_line=by_line, allow_known=self.allow_known)

    def _new_report(self, connection: sqlite3.Connection) -> ImportReport:
        after = None
        if self.source.numbered and not self.full:
            last = self._deduplicator.last_row(connection)
            after = None if last is None else last - OVERLAP_ROWS
        return ImportReport(self.source.name, resumed_after=after, ignored_columns=tuple(self.source.ignored))

    def _batches(self, report: ImportReport, connection: sqlite3.Connection) -> Iterator[Batch]:
        """The rows that could be read, many at a time; the others are noted in the report."""
        rows, corrected = self.source.rows(report.resumed_after), CorrectedRows()
        while page := list(islice(rows, self.batch_rows)):
            report.read += len(page)
            judged = ((line, self._judged(report, line, values)) for line, values in page)
            batch = [(line, entry) for line, entry in judged if entry is not None]
            yield list(self._corrected(report, batch, corrected, connection)) if self.source.corrects else batch
            if self.progress is not None:
                self.progress(report.read)

    def _corrected(
        self, report: ImportReport, batch: Batch, corrected: CorrectedRows, connection: sqlite3.Connection
    ) -> Iterator[tuple[int | str, ImportedEntry]]:
        """The rows with what they correct; one that corrects what is not there is noted as bad."""
        known = corrected.known(connection, batch)
        for line, entry in batch:
            try:
                resolved = corrected.resolved(entry, known)
            except BadRow as error:
                self._note_bad(report, line, error)
                continue
            corrected.remember(resolved)
            yield line, resolved

    def _judged(self, report: ImportReport, line: int | str, values: Sequence[Any] | BadRow) -> ImportedEntry | None:
        try:
            if isinstance(values, BadRow):
                raise values
            return self.read_row(line, values)
        except BadRow as error:
            if isinstance(error, OtherMode) and self.skip_other_mode:
                report.other_mode += 1
            else:
                self._note_bad(report, line, error)
            return None

    def _note_bad(self, report: ImportReport, line: int | str, error: BadRow) -> None:
        report.bad += 1
        report.name("import.bad_row", Severity.HIGH, line, str(error), "Correct the row, then import again.")


@contextmanager
def _reader(ledger: Ledger) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write, so that a check never stands in a webhook's way."""
    location = f"file:{quote(str(ledger.path))}?mode=ro"
    with closing(sqlite3.connect(location, uri=True, isolation_level=None)) as connection:
        yield connection


def _append(tx: LedgerTransaction, batch: Batch) -> None:
    """Writes entries after the last one, each chained to the one before."""
    if not batch:
        return
    head = tx.head()
    previous = head.hash
    rows = []
    for number, entry in enumerate(numbered(tx.connection, batch, head.count + 1), head.count + 1):
        values = (number, tx.now, *entry)
        previous = fast_entry_hash(previous, values)
        rows.append((*values, previous))
    tx.connection.executemany(INSERT_ENTRY, rows)
