"""Unit of work: one transaction at a time, its writes kept together until it ends or until somebody asks SQLite.

In a file, what a transaction wrote is in the file when it ends: an answer that was given outlives the process. What
lies in memory ends with the process anyway. There SQLite gets new objects when a query needs them, or when there are
many: most of them are only ever read by their id. What grows too large for SQLite's memory goes on in a temporary file.
"""

import sqlite3
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any

from creditctl.emulator.storage.database import in_file, in_memory, in_temporary_file, size_of
from creditctl.emulator.storage.pending import INSERT, SEQ, KeptWrites, PendingWrites, Place, body_of, write_statements

MOST_PENDING = 2000
"""How many rows wait in memory at most: a query that needs all of them waits some fifteen ms."""
MOST_IN_MEMORY = 640 * 2**20
"""How large a database in memory gets, in bytes, before it goes on in a temporary file.

Source: SQLite, "Run-Time Configuration", SQLITE_CONFIG_MEMDB_MAXSIZE: one GiB, and then nothing can be written.
"""
_SIZED_EVERY = 500
"""After how many transactions the size is looked at: each may add some hundred kB."""
_DRAWN = "INSERT OR REPLACE INTO settings (name, value) VALUES ('drawn', ?)"


class UnitOfWork:
    """A connection, its open transaction, and what SQLite has not been given yet; used under the emulator's lock."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._db = in_memory() if path is None else in_file(path)
        self._lazy = path is None
        self._open = self._begun = self._doubtful = False
        """Whether a transaction is open; whether SQLite knows; whether it holds an id that may be taken."""
        self._made, self._kept, self._lent = PendingWrites(), KeptWrites(), KeptWrites()
        """What the open transaction wrote; what ended ones wrote; what of those was given to SQLite in the open one."""
        self._known: set[int] | None = set() if self._lazy else None
        """Hashes of the names of values that SQLite was given; None where another process may have given it others."""
        self.most_pending = MOST_PENDING
        self.most_in_memory = MOST_IN_MEMORY
        self._in_memory = self._lazy
        self.drawn = self._stored = self._seq = self._begins = 0

    @property
    def db(self) -> sqlite3.Connection:
        """The connection, for statements about objects too: they find all that was made before."""
        self._write_rows()
        return self.tables

    def objects(self, kind: str) -> sqlite3.Connection:
        """The connection, for a query about objects of one kind: it finds all of them that were made before."""
        self._write_rows(kind)
        return self._db

    @property
    def tables(self) -> sqlite3.Connection:
        """The connection, for statements that concern no object: what was made before need not be written for them."""
        if self._made.statements or self._kept.statements:
            self._write_statements()
        if self._open and not self._begun:
            self._begin()
        return self._db

    def run(self, statement: str, values: Sequence[Any], name: Hashable = None) -> None:
        """Carry out a statement that concerns no object; `named` finds its values until SQLite has them."""
        pending = self._made if self._open else self._pending
        pending.statements.append((statement, values))
        if name is not None:
            pending.named[name] = values
        if not self._open and not self._lazy:
            try:
                self._write_statements()
            finally:
                pending.clear_statements()

    def read(self, statement: str, values: Sequence[Any]) -> Any:
        """The first row that a query finds among what SQLite has been given."""
        return self._db.execute(statement, values).fetchone()

    def may_know(self, name: Hashable) -> bool:
        """Whether SQLite may have been given values under a name: it need not be asked for those it never got."""
        return self._known is None or hash(name) in self._known

    def _know(self, names: Iterable[Hashable]) -> None:
        if self._known is not None:
            self._known.update(map(hash, names))

    def named(self, name: Hashable) -> Sequence[Any] | None:
        """The values of a statement that SQLite has not been given yet."""
        return self._made.named.get(name) or self._kept.named.get(name)

    def draw(self) -> int:
        """The next number for an id; it is part of the transaction like everything else."""
        self.drawn += 1
        return self.drawn

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._open

    def begin(self) -> None:
        """Open the one transaction of a request."""
        if not self._lazy:
            self._begin()
        elif self._begins % _SIZED_EVERY == 0:
            self.make_room()
        self._begins += 1
        self._open = True

    def make_room(self, more_bytes: int = 0) -> None:
        """Let a database go on in a temporary file before memory has no room for it, or for more; tried once."""
        if not self._in_memory or size_of(self._db) + more_bytes <= self.most_in_memory:
            return
        self._in_memory = False
        larger = in_temporary_file()
        try:
            self._db.backup(larger)
        except sqlite3.Error:
            larger.close()
            return
        self._db.close()
        self._db = larger

    def commit(self) -> None:
        """Keep what the transaction did, or drop all of it where that fails. Errors: sqlite3.Error."""
        try:
            if self._lazy and not self._doubtful and len(self._made) + len(self._kept) < self.most_pending:
                if self._begun:
                    self._db.execute("COMMIT")
                self._kept.take(self._made)
            else:
                self._write_all()
        except BaseException:
            self.rollback()
            raise
        self._stored = self.drawn
        self._end()

    def _write_all(self) -> None:
        # What lies in memory is opened by nobody else: there the number is written with a copy.
        if not self._lazy and self.drawn != self._stored:
            self._write_drawn()
        self.db.execute("COMMIT")

    def _write_drawn(self) -> None:
        self.tables.execute(_DRAWN, (b"%d" % self.drawn,))

    def rollback(self) -> None:
        """Drop what the transaction did."""
        self._made.clear()
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        if self._open:
            self.drawn = self._stored
            # What ended transactions wrote is no part of this one, whenever SQLite got it.
            self._lent.take(self._kept)
            self._kept.take(self._lent)
        self._end()

    def _end(self) -> None:
        self._open = self._begun = self._doubtful = False
        self._lent.clear()

    def _begin(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        self._begun = True

    @property
    def _pending(self) -> PendingWrites:
        return self._made if self._open or not self._lazy else self._kept

    def _find(self, place: Place) -> list[Any] | None:
        """The row of a new object that SQLite has not been given yet, to be read."""
        return self._made.by_place.get(place) or self._kept.by_place.get(place)

    def _change(self, place: Place) -> list[Any] | None:
        """The row of a new object that SQLite has not been given yet, to be changed by the open transaction."""
        row = self._made.by_place.get(place)
        if row is None and (kept := self._kept.by_place.get(place)) is not None:
            row = self._made.put(place, [*kept]) if self._open else kept
        return row

    def _add(self, place: Place, row: list[Any], taken: bool) -> None:
        """A new object; an id that is taken already is refused by SQLite when the transaction ends."""
        if self._lazy:
            # Its place in the order of creation; of a file SQLite says it, so that no other process says the same.
            self._seq += 1
            row[SEQ] = self._seq
        made = self._made
        if taken or place in made.by_place or place in self._kept.by_place:
            self._write_rows()
            self._doubtful = True
        if self._open:
            made.put(place, row)
            return
        self._pending.put(place, row)
        if self._doubtful or not self._lazy:
            self._doubtful = False
            try:
                self._write_rows()
            finally:
                self._pending.drop(place)

    def _write_rows(self, kind: str | None = None) -> None:
        kept, made = self._kept.rows(kind), self._made.rows(kind)
        if not kept and not made:
            return
        rows = list({**kept, **made}.values())
        for row in rows:
            body_of(row)
        self._write(lambda: self._db.executemany(INSERT, rows))
        if self._open:
            self._lent.take_rows(kept)
        self._made.forget(kind)
        self._kept.forget(kind)

    def _write_statements(self) -> None:
        for names in (self._kept.named, self._made.named):
            self._know(names)
        self._write(lambda: write_statements(self._db, (self._kept, self._made)))
        if self._open:
            self._lent.take_statements(self._kept)
        self._made.clear_statements()
        self._kept.clear_statements()

    def _write(self, writes: Callable[[], object]) -> None:
        """Write inside the open transaction, or else all or nothing in one of its own."""
        if self._open:
            if not self._begun:
                self._begin()
            writes()
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            writes()
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
