"""Sync of a source: reads an application's rows, whole or what was updated, and keeps them in the archive."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from creditctl.core.errors import ConfigurationError
from creditctl.core.project_file.source import SourceSection
from creditctl.core.text import plural
from creditctl.ledger.archive.file import ArchiveFile
from creditctl.ledger.archive.source_models import SourceRow
from creditctl.ledger.archive.source_store import SourceWriter, begin, last_reading
from creditctl.sources.mapping.row_mapper import RowMapper
from creditctl.sources.mapping.signs import Outside
from creditctl.sources.mapping.users import UserNames
from creditctl.sources.mapping.words import UnknownWord
from creditctl.sources.reading.cursor import cursor_text, later, resume_from
from creditctl.sources.reading.earlier_names import earlier_names, given_by_pairs
from creditctl.sources.reading.opening import zone_of
from creditctl.sources.reading.raw_rows import OpenRows, RawRow, RawRows, UpdatedSince
from creditctl.sources.reading.user_names import needs_database, user_names
from creditctl.sources.values.bad_value import BadRow

PAGE_ROWS = 5000
"""How many rows are kept in one transaction."""

WHOLE_AFTER_SECONDS = 7 * 86_400
"""After how long everything is read again, where as a rule only what was updated is."""

MOST_NAMED = 5
"""How many rows that do not fit are named; the others are counted."""

Progress = Callable[[int], None]
_WHOLE_ONLY = "only what was updated was read: rows that are gone are seen by a whole reading, with --full"
_SETTINGS_CHANGED = "[source] changed since the last reading: what its rows said before was not compared"


@dataclass
class SourceReport:
    """What came of reading a source. Shape: `whole` unless only updated rows were read; `notes` are sentences."""

    shown: str
    whole: bool
    started: int
    rows: int = 0
    outside: int = 0
    changed: int = 0
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report as a JSON document shows it."""
        return {
            "shown": self.shown,
            "whole": self.whole,
            "rows": self.rows,
            "outside": self.outside,
            "changed": self.changed,
            "notes": list(self.notes),
        }


@dataclass
class _Misfits:
    """Rows that could not be read: few of them by name, all of them counted, by what is wrong."""

    named: dict[str, list[str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, where: str, error: BadRow) -> None:
        reason = str(error)
        kind = reason if isinstance(error, UnknownWord) or len(self.counts) < MOST_NAMED else "other faults"
        self.counts[kind] += 1
        self.named.setdefault(kind, [])
        if len(self.named[kind]) < MOST_NAMED:
            self.named[kind].append(where)

    def refusal(self) -> ConfigurationError:
        """The error that names them."""
        parts = [f"{reason} ({self._rows(reason, count)})" for reason, count in self.counts.most_common(MOST_NAMED)]
        return ConfigurationError(
            f"{plural(self.counts.total(), 'row')} of the source cannot be read: {'; '.join(parts)}.",
            code="source.row",
            fix="Say under [source.kind], [source.status] or [[source.rule]] what they are, or leave them out: some by "
            'where, all that no kind fits by other = "ignore". Nothing was judged.',
        )

    def _rows(self, reason: str, count: int) -> str:
        named, more = ", ".join(self.named[reason]), count - MOST_NAMED
        return f"{named} and {more:,} more" if more > 0 else named


@dataclass(frozen=True)
class SourceSync:
    """One source, and the archive that its rows are kept in.

    Shape: `folder` is what relative files are relative to; with `full` everything is read; `now` in Unix seconds.
    """

    rows: RawRows
    section: SourceSection
    archive: ArchiveFile
    folder: Path
    clock: Callable[[], int]
    full: bool = False
    progress: Progress | None = None

    def run(self) -> SourceReport:
        """Reads the source, and keeps it. Errors: ConfigurationError for rows that cannot be read, by name."""
        started = self.clock()
        with self.archive.lock("source", "Reading the source"), self.rows.reading() as opened:
            users = self._users(opened)
            mapper = self._mapper_of(opened, users)
            fingerprint = self._fingerprint(opened, mapper)
            since = self._since(mapper, fingerprint)
            report = SourceReport(self.rows.shown, since is None, started, notes=[*opened.notes, *_kept_names(users)])
            writer = begin(
                self.archive,
                whole=since is None,
                started=started,
                fingerprint=fingerprint,
                named=not mapper.by_line,
                place=self._place if given_by_pairs(self.section.users) else None,
            )
            cursor = self._store(opened, mapper, writer, since, report)
            self._keep_balances(opened, writer, mapper)
            writer.finish(self.clock(), cursor)
        return self._told(report, writer, mapper)

    def _told(self, report: SourceReport, writer: SourceWriter, mapper: RowMapper) -> SourceReport:
        report.rows, report.changed = writer.rows, writer.changed
        if mapper.doubtful:
            times = plural(mapper.doubtful, "time")
            report.notes.append(
                f"{times} fall into an hour that the clock had twice, or not: taken as if it had not been changed yet"
            )
        if not report.whole:
            report.notes.append(_WHOLE_ONLY)
        if writer.silent and writer.reading > 1:
            report.notes.append(_SETTINGS_CHANGED)
        if mapper.by_line:
            report.notes.append("the rows have no id: what changed of them between two readings cannot be told")
        return report

    def _users(self, opened: OpenRows) -> UserNames:
        earlier = earlier_names(self.archive, self.section.users, self._place, lambda: self._unnamed(opened))
        return user_names(self.section.users, opened.tables, self.folder, earlier)

    def _mapper_of(self, opened: OpenRows, users: UserNames) -> RowMapper:
        zone = zone_of(self.section)
        return RowMapper(self.section, opened.columns, zone=zone, users=users, habits=opened.habits)

    def _unnamed(self, opened: OpenRows) -> Generator[SourceRow]:
        """The rows as they are read, without the names of their users; what is no row is left out."""
        mapper = self._mapper_of(opened, UserNames())
        for raw in opened.rows(mapper.columns):
            found = _mapped(mapper, raw, _Misfits())
            if isinstance(found, SourceRow):
                yield found

    @property
    def _place(self) -> str:
        """What stands in the archive for the database or file."""
        return hashlib.sha256(self.rows.place.encode()).hexdigest()

    def _fingerprint(self, opened: OpenRows, mapper: RowMapper) -> str:
        """What says whether two readings can be compared: the settings, the place and how a file is written; and which
        columns say what, for a table that gets a column of one of our names is read by it from then on.
        """
        said = repr((self.section, mapper.places, self.rows.shown, opened.habits))
        return hashlib.sha256(said.encode()).hexdigest()

    def _since(self, mapper: RowMapper, fingerprint: str) -> UpdatedSince | None:
        """From where on rows are wanted; None for all of them."""
        last = last_reading(self.archive)
        if self.full or mapper.updated is None or mapper.updated.path or last is None or last.cursor is None:
            return None
        if last.fingerprint != fingerprint or self.section.file is not None or self._whole_is_due():
            return None
        moment = resume_from(last.cursor)
        return None if moment is None else UpdatedSince(mapper.updated.column, moment)

    def _whole_is_due(self) -> bool:
        """Whether it is long since everything was read: only then it is seen which rows are gone."""
        whole = last_reading(self.archive, whole=True)
        return whole is None or self.clock() - whole.finished >= WHOLE_AFTER_SECONDS

    def _store(
        self,
        opened: OpenRows,
        mapper: RowMapper,
        writer: SourceWriter,
        since: UpdatedSince | None,
        report: SourceReport,
    ) -> str | None:
        """Keeps the rows page by page; where one cannot be read, the others are only looked at."""
        misfits, latest, read = _Misfits(), None, 0
        rows = opened.rows(mapper.columns, since)
        while page := list(islice(rows, PAGE_ROWS)):
            mapped = [found for raw in page if (found := _mapped(mapper, raw, misfits)) is not None]
            outside = [each.row_id for each in mapped if isinstance(each, Outside)]
            if not misfits.counts:
                twice = writer.store([each for each in mapped if isinstance(each, SourceRow)], outside)
                if twice is not None:
                    raise _not_distinct(twice)
            if mapper.updated is not None:
                for raw in page:
                    latest = later(latest, mapper.updated.value(raw.columns))
            report.outside += len(outside)
            read += len(page)
            if self.progress is not None:
                self.progress(read)
        if misfits.counts:
            raise misfits.refusal()
        last = last_reading(self.archive)
        known = None if last is None or since is None else last.cursor
        return cursor_text(latest) or known

    def _keep_balances(self, opened: OpenRows, writer: SourceWriter, mapper: RowMapper) -> None:
        balance = self.section.balance
        if balance is None:
            writer.keep_balances(())
            return
        if opened.tables is None:
            raise needs_database("[source.balance]")
        pairs = opened.tables.balances(balance.table, balance.user_id, balance.column)
        writer.keep_balances(mapper.balance(user, credits) for user, credits in pairs if user is not None)


def _mapped(mapper: RowMapper, raw: RawRow, misfits: _Misfits) -> SourceRow | Outside | None:
    try:
        return mapper(raw.columns, raw.line)
    except BadRow as error:
        misfits.add(f"line {raw.line}" if raw.line is not None else mapper.name_of(raw.columns), error)
        return None


def _kept_names(users: UserNames) -> Iterator[str]:
    if users.earlier:
        count = plural(len(users.earlier), "user")
        yield f"[source.users] no longer has {count} of rows that were read before: each keeps the name that it had"


def _not_distinct(row_id: str) -> ConfigurationError:
    return ConfigurationError(
        f"Two rows of the source have the id {row_id!r}.",
        code="source.id",
        fix="Name a column under [source.columns] id that tells rows apart; a join may repeat the rows of one table.",
    )
