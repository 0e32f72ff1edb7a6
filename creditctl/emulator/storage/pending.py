"""Pending writes: rows and statements that SQLite has not been given yet, and where they are found until then."""

import sqlite3
from collections.abc import Hashable, Iterable, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

Place = tuple[int, str]
"""An object's account and id."""
INSERT = "INSERT INTO objects (scope, kind, id, created, owner, parent, label, body, extra) VALUES (?,?,?,?,?,?,?,?,?)"
KIND, CREATED, OWNER, BODY, EXTRA = 1, 3, 4, 7, 8
"""Places in the rows of `INSERT`."""
Statement = tuple[str, Sequence[Any]]


class PendingWrites:
    """New objects as rows of `INSERT`, and statements about other tables in their order."""

    __slots__ = ("named", "rows", "statements")

    def __init__(self) -> None:
        self.rows: dict[Place, list[Any]] = {}
        self.statements: list[Statement] = []
        self.named: dict[Hashable, Sequence[Any]] = {}
        """The values of statements whose row is asked for by a name before it is written."""

    def __len__(self) -> int:
        return len(self.rows) + len(self.statements)

    def clear(self) -> None:
        """Forget everything."""
        self.rows.clear()
        self.clear_statements()

    def clear_statements(self) -> None:
        """Forget the statements: they were carried out."""
        self.statements.clear()
        self.named.clear()

    def take(self, later: "PendingWrites") -> None:
        """Take over what came after: a row that is there already keeps its place in the order of creation."""
        self.rows |= later.rows
        later.rows.clear()
        self.take_statements(later)

    def take_statements(self, later: "PendingWrites") -> None:
        """Take over the statements that came after."""
        self.statements += later.statements
        self.named |= later.named
        later.clear_statements()


def write_rows(db: sqlite3.Connection, earlier: PendingWrites, later: PendingWrites) -> None:
    """Write new objects in the order in which they were made. Errors: sqlite3.Error."""
    db.executemany(INSERT, list({**earlier.rows, **later.rows}.values()))


def write_statements(db: sqlite3.Connection, pending: Iterable[PendingWrites]) -> None:
    """Carry out statements in their order, those that are alike in one go. Errors: sqlite3.Error."""
    statements = chain.from_iterable(each.statements for each in pending)
    for text, alike in groupby(statements, key=itemgetter(0)):
        db.executemany(text, [values for _, values in alike])
