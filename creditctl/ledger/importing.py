"""Bringing an application's own rows into the ledger: checked first, then written batch by batch, each row once.

The idempotency key of a row says where it came from (`import:<source>:<row>`). So an import that was stopped, or is
run again on more rows, writes only what is missing, and a row that has changed since is named, not written.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from creditctl.core.findings import Finding, Severity
from creditctl.ledger.chain import COLUMNS, GENESIS, entry_hash
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

Progress = Callable[[int], None]

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

    def check(self) -> ImportReport:
        """Reads and judges every row, and writes nothing."""
        with translated(self.ledger.path), _reader(self.ledger) as connection:
            report = self._new_report(connection)
            for batch in self._batches(report):
                _note_new(report, [content for _, content in _sorted(batch, _known(connection, batch), report)])
        return report

    def load(self) -> ImportReport:
        """Writes every row that is good and not there yet; a batch is there in full, or not at all."""
        with translated(self.ledger.path), _reader(self.ledger) as connection:
            report = self._new_report(connection)
        for batch in self._batches(report):
            with self.ledger.transaction() as tx:
                fresh = _sorted(batch, _known(tx.connection, batch), report)
                _append(tx, [content for _, content in fresh])
            _note_new(report, [content for _, content in fresh])
        return report

    def _new_report(self, connection: sqlite3.Connection) -> ImportReport:
        after = None
        if self.source.numbered and not self.full:
            last = _last_row(connection, self.read_row.key_prefix)
            after = None if last is None else last - OVERLAP_ROWS
        return ImportReport(self.source.name, resumed_after=after, ignored_columns=tuple(self.source.ignored))

    def _batches(self, report: ImportReport) -> Iterator[list[tuple[int | str, Content]]]:
        """The rows that could be read, many at a time; the others are noted in the report."""
        batch: list[tuple[int | str, Content]] = []
        for line, values in self.source.rows(report.resumed_after):
            report.read += 1
            content = self._content(report, line, values)
            if content is not None:
                batch.append((line, content))
            if len(batch) >= self.batch_rows:
                yield batch
                batch = []
                if self.progress is not None:
                    self.progress(report.read)
        if batch:
            yield batch

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


def _known(connection: sqlite3.Connection, batch: Sequence[tuple[int | str, Content]]) -> dict[str, Content]:
    """What is in the ledger under the keys of a batch."""
    keys = json.dumps([content[KEY_PLACE] for _, content in batch])
    return {row[KEY_PLACE]: row for row in connection.execute(_KNOWN, (keys,))}


def _sorted(
    batch: Sequence[tuple[int | str, Content]], known: dict[str, Content], report: ImportReport
) -> list[tuple[int | str, Content]]:
    """The rows of a batch that are new; those that are there or have changed are noted in the report."""
    fresh: list[tuple[int | str, Content]] = []
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


def _append(tx: LedgerTransaction, contents: Sequence[Content]) -> None:
    """Writes entries after the last one, each chained to the one before."""
    if not contents:
        return
    number, previous = tx.connection.execute(_HEAD).fetchone() or (0, GENESIS)
    rows = []
    for content in contents:
        number += 1
        values = (number, tx.now, *content)
        previous = entry_hash(previous, values)
        rows.append((*values, previous))
    tx.connection.executemany(_INSERT, rows)


_SAMPLES = 3


def _note_new(report: ImportReport, contents: Sequence[Content]) -> None:
    report.new += len(contents)
    for content in contents:
        kind = content[KIND_PLACE]
        report.rows_by_kind[kind] += 1
        report.credits_by_kind[kind] += content[CREDITS_PLACE]
        report.amounts[content[CURRENCY_PLACE] or "none"] += content[AMOUNT_PLACE]
    for content in contents[: _SAMPLES - len(report.samples)]:
        report.samples.append(_sample(dict(zip(_CONTENT, content, strict=True))))


def _sample(values: Mapping[str, Any]) -> dict[str, Any]:
    names = ("created", "user_id", "kind", "credits", "amount", "currency", "payment_key", "idempotency_key")
    return {name: values[name] for name in names}
