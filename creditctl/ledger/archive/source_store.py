"""Source store: the rows of an application as they were last read, kept in the archive; written page by page.

What has to hold whenever the process is killed: a page is there in full or not at all, together with what it changed;
and only a reading that came to its end says of a row that it is gone, or where the next one goes on.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from creditctl.ledger.archive import source_schema
from creditctl.ledger.archive.file import ArchiveFile
from creditctl.ledger.archive.source_models import DONE, KeptRow, SourceReadingRecord, SourceRow
from creditctl.ledger.archive.source_queries import KEPT_COLUMNS, kept_row, packed
from creditctl.ledger.sqlite.statements import among, insert, select

_COLUMNS = (*SourceRow._fields, "seen")
_UPSERT = " ".join(
    (
        insert("source_rows", _COLUMNS),
        "ON CONFLICT (row_id) DO UPDATE SET",
        ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS),
        ", gone = NULL",
    )
)
_UNDER_IDS = select(KEPT_COLUMNS, "source_rows", "WHERE row_id IN (SELECT value FROM json_each(?))")
_SEEN = "UPDATE source_rows SET seen = ? WHERE row_id IN (SELECT value FROM json_each(?))"
_SEEN_BEFORE = select(("row_id",), "source_rows", "WHERE seen = ? AND row_id IN (SELECT value FROM json_each(?))")
_NOTE = "INSERT INTO source_changes (row_id, noticed, before, after) VALUES (?, ?, ?, ?)"
_MISSED = select(KEPT_COLUMNS, "source_rows", "WHERE gone IS NULL AND seen < ?")
_NAMES = """
    SELECT owner, user_id FROM source_rows JOIN source_places ON reading = seen
    WHERE owner IS NOT NULL AND place = coalesce(?, place) GROUP BY owner, user_id ORDER BY max(seen), max(seq)
"""
_ELSEWHERE = select(
    [f"r.{name}" for name in KEPT_COLUMNS],
    "source_rows r JOIN source_places ON reading = seen",
    "WHERE gone IS NULL AND place <> ?",
)
_LAST = (
    "SELECT id, whole, started, finished, fingerprint, cursor, rows FROM source_readings "
    "WHERE finished IS NOT NULL AND whole >= ? ORDER BY id DESC LIMIT 1"
)


@dataclass
class SourceWriter:
    """One reading of a source that is under way.

    Shape: `silent` where the settings changed since the last one: then rows differ because they are read otherwise,
           and nothing is said of it. `named` rows have an id of their own, so that a change of one can be told.
    """

    file: ArchiveFile
    reading: int
    whole: bool
    started: int
    silent: bool
    named: bool
    rows: int = 0
    changed: int = field(default=0, init=False)

    def store(self, page: Sequence[SourceRow], outside: Collection[str]) -> str | None:
        """Keeps one page, and notes what its rows said before; or keeps nothing, and returns an id that came twice.

        Shape: rows `outside` are no entries, or no more.
        """
        rows = list({row.row_id: row for row in page}.values())
        ids = json.dumps([row.row_id for row in rows])
        with self.file.write_session() as connection:
            again = connection.execute(_SEEN_BEFORE, (self.reading, ids)).fetchone()
            if again is not None or len(rows) < len(page):
                counts = Counter(row.row_id for row in page)
                return str(again[0]) if again else counts.most_common(1)[0][0]
            known = _under_ids(connection, [row.row_id for row in rows])
            fresh, same = _split(rows, known)
            self._note(connection, fresh, known)
            connection.executemany(_UPSERT, [(*row, self.reading) for row in fresh])
            connection.execute(_SEEN, (self.reading, json.dumps(same)))
            self._miss(connection, list(_under_ids(connection, outside).values()))
        self.rows += len(rows)
        return None

    def finish(self, finished: int, cursor: str | None) -> None:
        """Ends the reading: of a whole one, what was not seen is gone."""
        with self.file.write_session() as connection:
            if self.whole:
                missed = connection.execute(_MISSED, (self.reading,)).fetchall()
                self._miss(connection, [kept_row(row) for row in missed])
            connection.execute(
                "UPDATE source_readings SET finished = ?, cursor = ?, rows = ? WHERE id = ?",
                (finished, cursor, self.rows, self.reading),
            )

    def keep_balances(self, balances: Iterable[tuple[str, int]]) -> None:
        """Keeps the cached balances of all users, in place of those before."""
        with self.file.write_session() as connection:
            connection.execute("DELETE FROM source_balances")
            connection.executemany("INSERT OR REPLACE INTO source_balances VALUES (?, ?)", balances)

    def _note(self, connection: sqlite3.Connection, rows: Sequence[SourceRow], known: Mapping[str, KeptRow]) -> None:
        if self.silent or not self.named:
            return
        for row in rows:
            kept = known.get(row.row_id)
            if kept is not None and kept.gone is None and row.contradicts(kept.row):
                self.changed += 1
                connection.execute(_NOTE, (row.row_id, self.started, packed(kept.row), packed(row)))

    def _miss(self, connection: sqlite3.Connection, missed: Sequence[KeptRow]) -> None:
        """Marks rows that are gone, or fit no more; one that was only planned may go."""
        for kept in missed:
            if kept.gone is not None:
                continue
            query = "UPDATE source_rows SET gone = ? WHERE row_id = ?"
            connection.execute(query, (self.started, kept.row.row_id))
            if kept.row.status == DONE and self.named and not self.silent:
                self.changed += 1
                connection.execute(_NOTE, (kept.row.row_id, self.started, packed(kept.row), None))


def begin(
    file: ArchiveFile, *, whole: bool, started: int, fingerprint: str, named: bool, place: str | None = None
) -> SourceWriter:
    """Begins a reading of the source.

    Shape: one that never came to its end is simply begun again; `place` says from where it reads, if pairs name users.
    """
    last = last_reading(file)
    with file.write_session() as connection:
        source_schema.create(connection)
        query = "INSERT INTO source_readings (whole, started, fingerprint) VALUES (?, ?, ?)"
        number = connection.execute(query, (int(whole), started, fingerprint)).lastrowid or 0
        if place is not None:
            connection.execute("INSERT INTO source_places VALUES (?, ?)", (number, place))
    silent = last is None or last.fingerprint != fingerprint
    return SourceWriter(file, number, whole, started, silent=silent, named=named)


def last_reading(file: ArchiveFile, *, whole: bool = False) -> SourceReadingRecord | None:
    """The latest reading that came to its end. Shape: with `whole` the latest of everything."""
    with file.read_session() as connection:
        row = connection.execute(_LAST, (int(whole),)).fetchone() if source_schema.exists(connection) else None
    if row is None:
        return None
    number, whole, *rest = row
    return SourceReadingRecord(number, bool(whole), *rest)


def names_given(file: ArchiveFile, place: str | None) -> dict[str, str]:
    """The users of kept rows as pairs gave them for Stripe, by what the application calls them; the latest of each.

    Shape: of the rows of one place, None for all.
    """
    with file.read_session() as connection:
        found = dict(connection.execute(_NAMES, (place,))) if source_schema.has_places(connection) else {}
    return {owner: user for owner, user in found.items() if owner != user}


def rows_elsewhere(file: ArchiveFile, place: str, row_ids: Collection[str] | None = None) -> list[SourceRow]:
    """The rows that stand as another place had them: under these ids, or one of all to tell that there are any."""
    with file.read_session() as connection:
        if not source_schema.has_places(connection):
            return []
        if row_ids is None:
            found = connection.execute(f"{_ELSEWHERE} LIMIT 1", (place,))
        else:
            found = connection.execute(f"{_ELSEWHERE} AND {among('row_id')}", (place, json.dumps(list(row_ids))))
        return [kept_row(row).row for row in found]


def _split(rows: Sequence[SourceRow], known: Mapping[str, KeptRow]) -> tuple[list[SourceRow], list[str]]:
    """The rows that are new or say something else, and the ids of the others."""
    fresh: list[SourceRow] = []
    same: list[str] = []
    for row in rows:
        kept = known.get(row.row_id)
        if kept is not None and kept.row == row and kept.gone is None:
            same.append(row.row_id)
        else:
            fresh.append(row)
    return fresh, same


def _under_ids(connection: sqlite3.Connection, row_ids: Collection[str]) -> dict[str, KeptRow]:
    if not row_ids:
        return {}
    found = connection.execute(_UNDER_IDS, (json.dumps(list(row_ids)),))
    return {kept.row.row_id: kept for kept in map(kept_row, found)}
