"""Bringing an application's own rows into the ledger: checked first, then written batch by batch, each row once.

The idempotency key of a row says where it came from (`import:<source>:<row>`). So an import that was stopped, or is
run again on more rows, writes only what is missing, and a row that has changed since is named, not written.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import msgspec

from creditctl.core.findings import Finding, Severity
from creditctl.ledger.canonical import fast_entry_hash
from creditctl.ledger.chain import COLUMNS, GENESIS
from creditctl.ledger.faults import translated
from creditctl.ledger.import_row import (
    AMOUNT_PLACE,
    CREDITS_PLACE,
    CURRENCY_PLACE,
    KEY_PLACE,
    KIND_PLACE,
    Content,
    OtherMode,
    RowReader,
)
from creditctl.ledger.import_source import BadRow, Source
from creditctl.ledger.store import Ledger
from creditctl.ledger.transaction import LedgerTransaction

BATCH_ROWS = 5000
"""How many rows are written in one transaction; webhooks wait that long at most, a fraction of a second."""

OVERLAP_ROWS = 10_000
"""How many ids before the last imported one are read again: in a busy table a lower id may be committed later."""

MOST_NAMED = 1000
"""How many bad rows are named; the rest are counted."""

MOST_SAMPLES = 3
_SAMPLE_FIELDS = ("created", "user_id", "kind", "credits", "amount", "currency", "payment_key", "idempotency_key")

Progress = Callable[[int], None]
Batch = list[tuple[int | str, Content]]
"""Where each row stands, and its content."""

_LENGTH_BYTES = 8
_LARGE_CACHE = "PRAGMA cache_size = -65536"  # KiB: the indexes are written in no order, and the default is 2 MiB

_CONTENT = COLUMNS[2:18]
_INSERT = f"INSERT INTO credit_transactions ({', '.join(COLUMNS)}) VALUES ({','.join('?' * len(COLUMNS))})"  # noqa: S608
_KNOWN = (
    f"SELECT {', '.join(_CONTENT)} FROM credit_transactions "  # noqa: S608
    "WHERE idempotency_key IN (SELECT value FROM json_each(?))"
)
_HEAD = "SELECT id, hash FROM credit_transactions ORDER BY id DESC LIMIT 1"
_LAST_ROW = (
    "SELECT max(CAST(substr(idempotency_key, ?) AS INTEGER)) FROM credit_transactions "
    "WHERE idempotency_key >= ? AND idempotency_key < ?"
)


@dataclass
class ImportReport:
    """What an import found and did.

    Shape: `new` rows are written, or would be; `existing` were there, word for word; `bad` cannot be written and
           `changed` differ from what was imported under their key: both are named in `findings`, up to MOST_NAMED.
    """

    source: str
    resumed_after: int | None = None
    read: int = 0
    new: int = 0
    existing: int = 0
    repeated: int = 0
    other_mode: int = 0
    bad: int = 0
    changed: int = 0
    ignored_columns: tuple[str, ...] = ()
    credits_by_kind: Counter[str] = field(default_factory=Counter)
    rows_by_kind: Counter[str] = field(default_factory=Counter)
    amounts: Counter[str] = field(default_factory=Counter)
    samples: list[dict[str, Any]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """How many rows could not be taken."""
        return self.bad + self.changed

    def as_dict(self) -> dict[str, Any]:
        """The report as a JSON document shows it, without the findings."""
        names = ("source", "resumed_after", "read", "new", "existing", "repeated", "other_mode", "bad", "changed")
        return {
            **{name: getattr(self, name) for name in names},
            "ignored_columns": list(self.ignored_columns),
            "rows_by_kind": dict(self.rows_by_kind),
            "credits_by_kind": dict(self.credits_by_kind),
            "amounts": dict(self.amounts),
            "samples": self.samples,
        }


class Spool:
    """Rows that were judged good, kept on disk until they are written: what is checked is what is written.

    Shape: a nameless file beside the ledger; it is gone when it is closed, however the process ends.
    """

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by __exit__
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(list[tuple[int | str, tuple[Any, ...]]]).decode

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
           `skip_other_mode` counts rows of the other livemode instead of refusing them.
    """

    ledger: Ledger
    source: Source
    read_row: RowReader
    full: bool = False
    skip_other_mode: bool = False
    batch_rows: int = BATCH_ROWS
    progress: Progress | None = None

    def check(self, spool: Spool) -> ImportReport:
        """Reads and judges every row, keeps the new ones in the spool, and writes nothing to the ledger."""
        with translated(self.ledger.path), _reader(self.ledger) as connection:
            report = self._new_report(connection)
            for batch in self._batches(report):
                fresh = _sorted(batch, _known(connection, batch), report)
                _note_new(report, fresh)
                spool.keep(fresh)
        return report

    def load(self, spool: Spool, checked: ImportReport) -> ImportReport:
        """Writes the rows of the spool that are still not there; a batch is there in full, or not at all."""
        report = replace(
            checked,
            new=0,
            rows_by_kind=Counter(),
            credits_by_kind=Counter(),
            amounts=Counter(),
            findings=list(checked.findings),
        )
        for batch in spool.batches():
            with self.ledger.transaction() as tx:
                tx.connection.execute(_LARGE_CACHE)
                fresh = _sorted(batch, _known(tx.connection, batch), report)
                _append(tx, fresh)
            _note_new(report, fresh)
            if self.progress is not None:
                self.progress(report.new)
        return report

    def _new_report(self, connection: sqlite3.Connection) -> ImportReport:
        after = None
        if self.source.numbered and not self.full:
            last = _last_row(connection, self.read_row.key_prefix)
            after = None if last is None else last - OVERLAP_ROWS
        return ImportReport(self.source.name, resumed_after=after, ignored_columns=tuple(self.source.ignored))

    def _batches(self, report: ImportReport) -> Iterator[Batch]:
        """The rows that could be read, many at a time; the others are noted in the report."""
        rows = self.source.rows(report.resumed_after)
        while page := list(islice(rows, self.batch_rows)):
            report.read += len(page)
            judged = ((line, self._content(report, line, values)) for line, values in page)
            yield [(line, content) for line, content in judged if content is not None]
            if self.progress is not None:
                self.progress(report.read)

    def _content(self, report: ImportReport, line: int | str, values: Sequence[Any] | BadRow) -> Content | None:
        try:
            if isinstance(values, BadRow):
                raise values
            return self.read_row(line, values)
        except BadRow as error:
            if isinstance(error, OtherMode) and self.skip_other_mode:
                report.other_mode += 1
            else:
                report.bad += 1
                _find(report, "import.bad_row", Severity.HIGH, line, str(error), "Correct the row, then import again.")
            return None


@contextmanager
def _reader(ledger: Ledger) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write, so that a check never stands in a webhook's way."""
    location = f"file:{quote(str(ledger.path))}?mode=ro"
    with closing(sqlite3.connect(location, uri=True, isolation_level=None)) as connection:
        yield connection


def _last_row(connection: sqlite3.Connection, prefix: str) -> int | None:
    """The highest numbered row of a source that was imported."""
    past = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    found = connection.execute(_LAST_ROW, (len(prefix) + 1, prefix, past)).fetchone()[0]
    return None if found is None else int(found)


def _known(connection: sqlite3.Connection, batch: Batch) -> dict[str, Content]:
    """What is in the ledger under the keys of a batch."""
    keys = json.dumps([content[KEY_PLACE] for _, content in batch])
    return {row[KEY_PLACE]: row for row in connection.execute(_KNOWN, (keys,))}


def _sorted(batch: Batch, known: dict[str, Content], report: ImportReport) -> Batch:
    """The rows of a batch that are new; those that are there or have changed are noted in the report."""
    fresh: Batch = []
    before = set(known)
    for line, content in batch:
        key = content[KEY_PLACE]
        seen = known.setdefault(key, content)
        if seen is content:
            fresh.append((line, content))
        elif seen != content:
            report.changed += 1
            _find(report, "import.changed", Severity.HIGH, line, _difference(seen, content), _CHANGED_FIX)
        elif key in before:
            report.existing += 1
        else:
            report.repeated += 1
            _find(report, "import.repeated", Severity.LOW, line, f"{key} came before in this source", _REPEATED_FIX)
    return fresh


_CHANGED_FIX = "The ledger is append-only: post the difference with `creditctl ledger adjust`."
_REPEATED_FIX = "It was taken once. Where both are meant, give each row an id of its own."


def _difference(seen: Content, content: Content) -> str:
    named = [
        f"{name} was {old!r} and is {new!r}"
        for name, old, new in zip(_CONTENT, seen, content, strict=True)
        if old != new
    ]
    return f"{content[KEY_PLACE]} was imported before: {', '.join(named)}"


def _find(report: ImportReport, code: str, severity: Severity, line: int | str, message: str, fix: str) -> None:
    if len(report.findings) < MOST_NAMED:
        where = f"line {line}" if isinstance(line, int) else line
        report.findings.append(Finding(code, severity, where, f"{where}: {message}", fix))


def _append(tx: LedgerTransaction, batch: Batch) -> None:
    """Writes entries after the last one, each chained to the one before."""
    if not batch:
        return
    last, previous = tx.connection.execute(_HEAD).fetchone() or (0, GENESIS)
    rows = []
    for number, (_, content) in enumerate(batch, last + 1):
        values = (number, tx.now, *content)
        previous = fast_entry_hash(previous, values)
        rows.append((*values, previous))
    tx.connection.executemany(_INSERT, rows)


def _note_new(report: ImportReport, batch: Batch) -> None:
    """Counts new rows, and keeps the first few to show."""
    report.new += len(batch)
    kinds, credits, amounts = report.rows_by_kind, report.credits_by_kind, report.amounts
    for _, content in batch:
        kind = content[KIND_PLACE]
        kinds[kind] += 1
        credits[kind] += content[CREDITS_PLACE]
        if content[AMOUNT_PLACE]:
            amounts[content[CURRENCY_PLACE]] += content[AMOUNT_PLACE]
    for _, content in batch[: max(0, MOST_SAMPLES - len(report.samples))]:
        values = dict(zip(_CONTENT, content, strict=True))
        report.samples.append({name: values[name] for name in _SAMPLE_FIELDS})
