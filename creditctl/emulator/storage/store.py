"""Object store: everything the emulator remembers, in one SQLite database.

Objects are rows with their JSON body as it stands in a list, so a read needs no writing; three narrow index columns
serve the filters, and (created, seq) gives the list order, so a page costs the same at any depth.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from creditctl.emulator.protocol.json_text import indented_item, written_item
from creditctl.emulator.storage.database import replace_memory
from creditctl.emulator.storage.object_types import Body, ObjectType
from creditctl.emulator.storage.pending import (
    BODY,
    CREATED,
    EXTRA,
    INSERT,
    KIND,
    LABEL,
    OWNER,
    PARENT,
    SEQ,
    Draft,
    body_of,
)
from creditctl.emulator.storage.tables import TABLES
from creditctl.emulator.storage.unit_of_work import UnitOfWork

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder()
encode = _ENCODER.encode
"""For what goes nowhere; bodies go over the wire and are `written`."""
decode = _DECODER.decode

Condition = tuple[str, Sequence[Any]]


class Row(msgspec.Struct, gc=False):
    """A stored object."""

    seq: int
    """Its place in the order of creation; 0 where SQLite has yet to say it."""
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
_NAMES = "SELECT scope, key FROM idempotency"


class Store(UnitOfWork):
    """The objects, in a file or in memory."""

    def __init__(self, path: Path | None) -> None:
        super().__init__(path)
        self.complete()

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
        self._indent()
        self.recount()

    def copy_to(self, target: sqlite3.Connection) -> None:
        """Let another database hold all that this one holds. Errors: sqlite3.Error."""
        self._write_drawn()
        self.db.backup(target)

    def replace(self, source: sqlite3.Connection) -> None:
        """Take over all that another database holds. Errors: sqlite3.Error."""
        if self.path is None:
            replace_memory(self.db, source)
            self._in_memory = True
            self.make_room()
        else:
            source.backup(self.db)

    def complete(self) -> None:
        """Make the tables that a database of an earlier version lacks, after it was opened or replaced."""
        # All or nothing: a file that a killed start left is empty, and no database of another program.
        self.db.executescript(f"BEGIN; {TABLES} COMMIT;")
        self._indent()
        self.recount()

    def _indent(self) -> None:
        """Write the bodies of an earlier version as they stand in a list, once for each file."""
        if self._is_indented():
            return
        # The connection is asked for after the beginning, which may have moved what lies in memory into a file.
        self.begin()
        self.db.create_function("indented_item", 1, indented_item, deterministic=True)
        # Asked again inside: another process may have done it while this one waited for its turn.
        if not self._is_indented():
            self.db.execute("UPDATE objects SET body = indented_item(body)")
            self.db.execute("INSERT INTO settings (name, value) VALUES ('indented', '1')")
        self.commit()

    def _is_indented(self) -> bool:
        return self.db.execute("SELECT 1 FROM settings WHERE name = 'indented'").fetchone() is not None

    def recount(self) -> None:
        """Read again how many ids were drawn."""
        row = self.db.execute("SELECT value FROM settings WHERE name = 'drawn'").fetchone()
        self.drawn = self._stored = int(row[0]) if row else 0
        self._count_rows()
        if self._known is not None:
            self._known.clear()
            self._know(self.db.execute(_NAMES))
        self.next_sweep = 0
        """When idempotency keys that are too old are looked for again, on the emulator's clock."""

    def _count_rows(self) -> None:
        self._seq = self.db.execute("SELECT coalesce(max(seq), 0) FROM objects").fetchone()[0]

    def get(self, scope: int, object_id: str) -> Row | None:
        """The object with this id, deleted or not."""
        new = self._find((scope, object_id))
        if new is not None:
            return Row(new[SEQ] or 0, new[KIND], object_id, new[CREATED], 0, body_of(new), new[EXTRA])
        row = self.read(_ONE, (scope, object_id))
        return Row(*row) if row else None

    def add(self, scope: int, kind: ObjectType, body: Body, extra: Body | None = None) -> bytes:
        """Insert a new object and answer its text."""
        text = written_item(body)
        self.add_text(scope, kind, body["id"], body.get("created") or 0, kind.columns(body), text, extra)
        return text

    def add_text(
        self,
        scope: int,
        kind: ObjectType,
        object_id: str,
        created: int,
        links: tuple[Any, Any, Any],
        text: bytes | Draft,
        extra: Body | None,
    ) -> None:
        """Insert a new object that is written down already, or drafted; `links` are its owner, parent and label."""
        hidden = encode(extra) if extra else None
        taken = kind.ids_chosen and self._lazy and self.get(scope, object_id) is not None
        self._add((scope, object_id), [None, scope, kind.name, object_id, created, *links, text, hidden], taken)

    def add_rows(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert many objects that are encoded already, as rows in the order of the columns of `add`."""
        self.db.executemany(INSERT, ((None, *row) for row in rows))
        self._count_rows()

    def save(self, scope: int, kind: ObjectType, body: Body) -> bytes:
        """Replace the body of an object and answer it encoded."""
        text = written_item(body)
        new = self._change((scope, body["id"]))
        if new is not None:
            new[OWNER], new[PARENT], new[LABEL] = kind.columns(body)
            new[BODY] = text
            return text
        self.tables.execute(
            "UPDATE objects SET owner = ?, parent = ?, label = ?, body = ? WHERE scope = ? AND id = ?",
            (*kind.columns(body), text, scope, body["id"]),
        )
        return text

    def save_extra(self, scope: int, object_id: str, extra: Body) -> None:
        """Replace what is hidden about an object."""
        new = self._change((scope, object_id))
        if new is not None:
            new[EXTRA] = encode(extra)
            return
        self.tables.execute(
            "UPDATE objects SET extra = ? WHERE scope = ? AND id = ?", (encode(extra), scope, object_id)
        )

    def delete(self, scope: int, object_id: str) -> None:
        """Mark an object deleted; it stays usable as a cursor."""
        new = self._find((scope, object_id))
        if new is not None:
            self._write_rows(new[KIND])
        self.tables.execute("UPDATE objects SET deleted = 1 WHERE scope = ? AND id = ?", (scope, object_id))

    def page(
        self, scope: int, kind: ObjectType, conditions: Iterable[Condition], limit: int, cursor: Row | None, back: bool
    ) -> tuple[list[Row], bool]:
        """A page in list order (newest first) and whether more lies in the direction of reading."""
        where, values = _where(scope, kind, conditions)
        if cursor is not None and not cursor.seq:
            cursor = Row(*self.objects(kind.name).execute(_ONE, (scope, cursor.id)).fetchone())
        rows: list[Any] = []
        for clause, bounds in _spans(cursor, ">" if back else "<"):
            if len(rows) <= limit:
                rows += self._slice(kind.name, [*where, *clause], [*values, *bounds], limit + 1 - len(rows), back)
        found = [Row(*row) for row in rows[:limit]]
        if back:
            found.reverse()
        return found, len(rows) > limit

    def _slice(self, kind: str, where: list[str], values: list[Any], most: int, back: bool) -> list[Any]:
        order = "ASC" if back else "DESC"
        return (
            self.objects(kind)
            .execute(
                f"SELECT {_COLUMNS} FROM objects WHERE {' AND '.join(where)} "  # noqa: S608 - constants and marks
                f"ORDER BY created {order}, seq {order} LIMIT ?",
                [*values, most],
            )
            .fetchall()
        )

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
