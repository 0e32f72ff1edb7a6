"""Object store: everything the emulator remembers, in one SQLite database.

Objects are rows with their JSON body as it goes over the wire, so a read needs no decoding; three narrow index
columns serve the filters, and (created, seq) gives the list order, so a page costs the same at any depth.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from creditctl.emulator.storage.database import in_file, in_memory, replace_memory
from creditctl.emulator.storage.object_types import Body, ObjectType
from creditctl.emulator.storage.tables import TABLES

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder()
encode = _ENCODER.encode
decode = _DECODER.decode

Condition = tuple[str, Sequence[Any]]


class Row(msgspec.Struct, gc=False):
    """A stored object."""

    seq: int
    """Its place in the order of creation; 0 while the transaction that makes it is open."""
    kind: str
    id: str
    created: int
    deleted: int
    body: bytes
    extra: bytes | None

    def decoded(self) -> Body:
        """The body as a dict."""
        body: Body = decode(self.body)
        return body

    def hidden(self) -> Body:
        """What the emulator knows about the object and Stripe would not show."""
        extra: Body = decode(self.extra) if self.extra else {}
        return extra


_COLUMNS = "seq, kind, id, created, deleted, body, extra"
_ONE = f"SELECT {_COLUMNS} FROM objects WHERE scope = ? AND id = ?"  # noqa: S608 - a constant
_INSERT = "INSERT INTO objects (scope, kind, id, created, owner, parent, label, body, extra) VALUES (?,?,?,?,?,?,?,?,?)"
_DRAWN = "INSERT OR REPLACE INTO settings (name, value) VALUES ('drawn', ?)"
_KIND, _CREATED, _OWNER, _BODY, _EXTRA = 1, 3, 4, 7, 8
"""Places in the rows of `_INSERT`."""


class Store:
    """The database; one connection, used under the emulator's lock."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._db = in_memory() if path is None else in_file(path)
        self._made: dict[tuple[int, str], list[Any]] = {}
        """Objects that the open transaction has made, as rows in the order of `_INSERT`, by scope and id.

        They are written together when it ends, or when somebody asks SQLite: a payment changes what it has just made.
        """
        self.drawn = self._stored = 0
        self.complete()

    @property
    def db(self) -> sqlite3.Connection:
        """The connection, for statements of others: they find all that was made before."""
        if self._made:
            self._write_made()
        return self._db

    def run(self, statement: str, values: Sequence[Any]) -> None:
        """Carry out a statement that concerns no object: what was made before need not be written for it."""
        self._db.execute(statement, values)

    def close(self) -> None:
        """Release the file."""
        self._db.close()

    def clear(self) -> None:
        """Empty every table."""
        names = self.db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        self.begin()
        self.drawn = self._stored
        for (name,) in names:
            self.db.execute(f"DELETE FROM {name}")  # noqa: S608 - our own table names
        self.commit()
        self.recount()

    def copy_to(self, target: sqlite3.Connection) -> None:
        """Let another database hold all that this one holds. Errors: sqlite3.Error."""
        self._write_drawn()
        self.db.backup(target)

    def replace(self, source: sqlite3.Connection) -> None:
        """Take over all that another database holds. Errors: sqlite3.Error."""
        if self.path is None:
            replace_memory(self.db, source)
        else:
            source.backup(self.db)

    def complete(self) -> None:
        """Make the tables that a database of an earlier version lacks, after it was opened or replaced."""
        # All or nothing: a file that a killed start left is empty, and no database of another program.
        self.db.executescript(f"BEGIN; {TABLES} COMMIT;")
        self.recount()

    def recount(self) -> None:
        """Read again how many ids were drawn."""
        row = self.db.execute("SELECT value FROM settings WHERE name = 'drawn'").fetchone()
        self.drawn = self._stored = int(row[0]) if row else 0
        self.next_sweep = 0
        """When idempotency keys that are too old are looked for again, on the emulator's clock."""

    def draw(self) -> int:
        """The next number for an id; it is part of the transaction like everything else."""
        self.drawn += 1
        return self.drawn

    def begin(self) -> None:
        """Open the one transaction of a request."""
        self._db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Keep what the transaction did, or drop all of it where that fails. Errors: sqlite3.Error."""
        try:
            # What lies in memory is opened by nobody else: there the number is written with a copy.
            if self.path is not None and self.drawn != self._stored:
                self._write_drawn()
            self.db.execute("COMMIT")
        except BaseException:
            self.rollback()
            raise
        self._stored = self.drawn

    def _write_drawn(self) -> None:
        self._db.execute(_DRAWN, (b"%d" % self.drawn,))

    def rollback(self) -> None:
        """Drop what the transaction did."""
        self._made.clear()
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
            self.drawn = self._stored

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._db.in_transaction

    def _write_made(self) -> None:
        rows = list(self._made.values())
        self._made.clear()
        self._db.executemany(_INSERT, rows)

    def get(self, scope: int, object_id: str) -> Row | None:
        """The object with this id, deleted or not."""
        made = self._made.get((scope, object_id))
        if made is not None:
            return Row(0, made[_KIND], object_id, made[_CREATED], 0, made[_BODY], made[_EXTRA])
        row = self._db.execute(_ONE, (scope, object_id)).fetchone()
        return Row(*row) if row else None

    def add(self, scope: int, kind: ObjectType, body: Body, extra: Body | None = None) -> bytes:
        """Insert a new object and answer its encoded body."""
        encoded = encode(body)
        hidden = encode(extra) if extra else None
        created = body.get("created") or 0
        place = scope, body["id"]
        # An id that is there already is refused by SQLite, one that was made just now too.
        if place in self._made:
            self._write_made()
        self._made[place] = [scope, kind.name, body["id"], created, *kind.columns(body), encoded, hidden]
        if not self._db.in_transaction:
            self._write_made()
        return encoded

    def add_rows(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert many objects that are encoded already, as rows in the order of the columns of `add`."""
        self.db.executemany(_INSERT, rows)

    def save(self, scope: int, kind: ObjectType, body: Body) -> bytes:
        """Replace the body of an object and answer it encoded."""
        encoded = encode(body)
        made = self._made.get((scope, body["id"]))
        if made is not None:
            made[_OWNER:_EXTRA] = *kind.columns(body), encoded
            return encoded
        self._db.execute(
            "UPDATE objects SET owner = ?, parent = ?, label = ?, body = ? WHERE scope = ? AND id = ?",
            (*kind.columns(body), encoded, scope, body["id"]),
        )
        return encoded

    def save_extra(self, scope: int, object_id: str, extra: Body) -> None:
        """Replace what is hidden about an object."""
        made = self._made.get((scope, object_id))
        if made is not None:
            made[_EXTRA] = encode(extra)
            return
        self._db.execute("UPDATE objects SET extra = ? WHERE scope = ? AND id = ?", (encode(extra), scope, object_id))

    def delete(self, scope: int, object_id: str) -> None:
        """Mark an object deleted; it stays usable as a cursor."""
        self.db.execute("UPDATE objects SET deleted = 1 WHERE scope = ? AND id = ?", (scope, object_id))

    def page(
        self, scope: int, kind: ObjectType, conditions: Iterable[Condition], limit: int, cursor: Row | None, back: bool
    ) -> tuple[list[Row], bool]:
        """A page in list order (newest first) and whether more lies in the direction of reading."""
        where, values = _where(scope, kind, conditions)
        rows: list[Any] = []
        for clause, bounds in _spans(cursor, ">" if back else "<"):
            if len(rows) <= limit:
                rows += self._slice([*where, *clause], [*values, *bounds], limit + 1 - len(rows), back)
        found = [Row(*row) for row in rows[:limit]]
        if back:
            found.reverse()
        return found, len(rows) > limit

    def _slice(self, where: list[str], values: list[Any], most: int, back: bool) -> list[Any]:
        order = "ASC" if back else "DESC"
        return self.db.execute(
            f"SELECT {_COLUMNS} FROM objects WHERE {' AND '.join(where)} "  # noqa: S608 - constants and marks
            f"ORDER BY created {order}, seq {order} LIMIT ?",
            [*values, most],
        ).fetchall()

    def select(self, scope: int, kind: ObjectType, *conditions: Condition) -> list[Row]:
        """All objects that meet the conditions, newest first."""
        return self.page(scope, kind, conditions, 1_000_000, None, back=False)[0]


def _where(scope: int, kind: ObjectType, conditions: Iterable[Condition]) -> tuple[list[str], list[Any]]:
    where = ["scope = ?", "kind = ?", "deleted = 0"]
    values: list[Any] = [scope, kind.name]
    for clause, given in conditions:
        where.append(clause)
        values += given
    return where, values


def _spans(cursor: Row | None, beyond: str) -> list[tuple[list[str], list[Any]]]:
    """The stretches of a list beyond a cursor: the rest of its second, then the other seconds.

    SQLite would use the index of `(created, seq) < (?, ?)` for `created` only, and read a busy second from its start.
    """
    if cursor is None:
        return [([], [])]
    same = (["created = ?", f"seq {beyond} ?"], [cursor.created, cursor.seq])
    return [same, ([f"created {beyond} ?"], [cursor.created])]


def column(name: str, value: Any) -> Condition:
    """An index column (owner, parent, label) equals a value."""
    return f"{name} = ?", (value,)


def body_value(path: str, value: Any) -> Condition:
    """A value somewhere in the body equals a value."""
    return f"json_extract(CAST(body AS TEXT), '{path}') = ?", (value,)
