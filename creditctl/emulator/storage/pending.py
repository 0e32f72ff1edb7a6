"""Pending writes: rows and statements that SQLite has not been given yet, and where they are found until then."""

import sqlite3
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, Protocol

Place = tuple[int, str]
"""An object's account and id."""
INSERT = (
    "INSERT INTO objects (seq, scope, kind, id, created, owner, parent, label, body, extra) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
SEQ, KIND, CREATED, OWNER, PARENT, LABEL, BODY, EXTRA = 0, 2, 4, 5, 6, 7, 8, 9
"""Places in the rows of `INSERT`."""
Rows = dict[Place, list[Any]]
Statement = tuple[str, Sequence[Any]]


class Draft(Protocol):
    """A body that is put together when somebody reads it."""

    def text(self) -> bytes:
        """The body as it is stored."""


def body_of(row: list[Any]) -> bytes:
    """The body of a row; a draft is put together once."""
    body: bytes | Draft = row[BODY]
    if not isinstance(body, bytes):
        body = row[BODY] = body.text()
    return body


class PendingWrites:
    """What one transaction wrote: new objects as rows of `INSERT`, and statements about other tables in their order."""

    __slots__ = ("by_place", "named", "statements")

    def __init__(self) -> None:
        self.by_place: Rows = {}
        self.statements: list[Statement] = []
        self.named: dict[Hashable, Sequence[Any]] = {}
        """The values of statements whose row is asked for by a name before it is written."""

    def __len__(self) -> int:
        return len(self.by_place) + len(self.statements)

    def rows(self, kind: str | None = None) -> Rows:
        """The rows of a kind, or all, in the order in which they were made."""
        if kind is None:
            return self.by_place
        return {place: row for place, row in self.by_place.items() if row[KIND] == kind}

    def put(self, place: Place, row: list[Any]) -> list[Any]:
        """Keep a row: one that is there already keeps its place in the order."""
        self.by_place[place] = row
        return row

    def forget(self, kind: str | None = None) -> None:
        """Forget the rows of a kind, or all."""
        if kind is None:
            self.by_place.clear()
        else:
            for place in self.rows(kind):
                del self.by_place[place]

    def drop(self, place: Place) -> None:
        """Forget one row."""
        self.by_place.pop(place, None)

    def clear(self) -> None:
        """Forget everything."""
        self.by_place.clear()
        self.clear_statements()

    def clear_statements(self) -> None:
        """Forget the statements: they were carried out."""
        if self.statements:
            self.statements.clear()
            self.named.clear()

    def take_statements(self, later: "PendingWrites") -> None:
        """Take over the statements that came after."""
        if later.statements:
            self.statements += later.statements
            self.named |= later.named


class KeptWrites(PendingWrites):
    """What ended transactions wrote: so many rows that those of a kind are found without a look at the others."""

    __slots__ = ("_kinds",)

    def __init__(self) -> None:
        super().__init__()
        self._kinds: dict[str, Rows] = defaultdict(dict)

    def rows(self, kind: str | None = None) -> Rows:
        """The rows of a kind, or all, in the order in which they were made."""
        return self.by_place if kind is None else self._kinds.get(kind, {})

    def put(self, place: Place, row: list[Any]) -> list[Any]:
        """Keep a row: one that is there already keeps its place in the order."""
        self.by_place[place] = self._kinds[row[KIND]][place] = row
        return row

    def forget(self, kind: str | None = None) -> None:
        """Forget the rows of a kind, or all."""
        super().forget(kind)
        if kind is None:
            self._kinds.clear()
        else:
            self._kinds.pop(kind, None)

    def drop(self, place: Place) -> None:
        """Forget one row."""
        row = self.by_place.pop(place, None)
        if row is not None:
            del self._kinds[row[KIND]][place]

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        self._kinds.clear()

    def take(self, later: PendingWrites) -> None:
        """Take over what came after: a row that is there already keeps its place in the order."""
        self.take_rows(later.by_place)
        self.take_statements(later)
        later.clear()

    def take_rows(self, rows: Rows) -> None:
        """Take over rows that came after."""
        kinds = self._kinds
        for place, row in rows.items():
            kinds[row[KIND]][place] = row
        self.by_place.update(rows)


def write_statements(db: sqlite3.Connection, pending: Iterable[PendingWrites]) -> None:
    """Carry out statements in their order, those that are alike in one go. Errors: sqlite3.Error."""
    statements = chain.from_iterable(each.statements for each in pending)
    for text, alike in groupby(statements, key=itemgetter(0)):
        db.executemany(text, [values for _, values in alike])
