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

_SCHEMA = """
CREATE TABLE IF NOT EXISTS scopes (
    scope INTEGER PRIMARY KEY, account TEXT NOT NULL, livemode INTEGER NOT NULL, UNIQUE (account, livemode));
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY, scope INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
    created INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0,
    owner TEXT, parent TEXT, label TEXT, body BLOB NOT NULL, extra BLOB);
CREATE UNIQUE INDEX IF NOT EXISTS objects_id ON objects (scope, id);
CREATE INDEX IF NOT EXISTS objects_list ON objects (scope, kind, created, seq);
CREATE INDEX IF NOT EXISTS objects_owner ON objects (scope, kind, owner, created, seq) WHERE owner IS NOT NULL;
CREATE INDEX IF NOT EXISTS objects_parent ON objects (scope, kind, parent, created, seq) WHERE parent IS NOT NULL;
CREATE INDEX IF NOT EXISTS objects_label ON objects (scope, kind, label, created, seq) WHERE label IS NOT NULL;
CREATE TABLE IF NOT EXISTS idempotency (
    scope INTEGER NOT NULL, key TEXT NOT NULL, fingerprint BLOB NOT NULL, status INTEGER NOT NULL,
    body BLOB NOT NULL, request TEXT NOT NULL, created INTEGER NOT NULL, PRIMARY KEY (scope, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idempotency_age ON idempotency (created);
CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY, scope INTEGER NOT NULL, due INTEGER NOT NULL, name TEXT NOT NULL, subject TEXT NOT NULL,
    payload BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS jobs_due ON jobs (due, id);
CREATE UNIQUE INDEX IF NOT EXISTS jobs_subject ON jobs (scope, name, subject);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY, scope INTEGER NOT NULL, event TEXT NOT NULL, endpoint TEXT NOT NULL, due INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'pending', manual INTEGER NOT NULL DEFAULT 0,
    rank INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due, rank, id) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_event ON deliveries (scope, event);
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY, delivery INTEGER NOT NULL, at INTEGER NOT NULL, status INTEGER, error TEXT,
    duration_ms INTEGER NOT NULL, response BLOB);
CREATE INDEX IF NOT EXISTS attempts_delivery ON attempts (delivery);
CREATE TABLE IF NOT EXISTS holds (id INTEGER PRIMARY KEY, rule BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS held (
    delivery INTEGER PRIMARY KEY, hold INTEGER NOT NULL, place INTEGER, follows INTEGER);
CREATE INDEX IF NOT EXISTS held_follows ON held (follows) WHERE follows IS NOT NULL;
CREATE TABLE IF NOT EXISTS keys (
    digest TEXT PRIMARY KEY, scope INTEGER NOT NULL, hint TEXT NOT NULL, permissions BLOB NOT NULL,
    expires INTEGER);
CREATE TABLE IF NOT EXISTS balances (
    scope INTEGER NOT NULL, currency TEXT NOT NULL, source_type TEXT NOT NULL, state TEXT NOT NULL,
    amount INTEGER NOT NULL, PRIMARY KEY (scope, currency, source_type, state)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder()
encode = _ENCODER.encode
decode = _DECODER.decode

Condition = tuple[str, Sequence[Any]]


class Row(msgspec.Struct, gc=False):
    """A stored object."""

    seq: int
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


class Store:
    """The database; one connection, used under the emulator's lock."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.db = in_memory() if path is None else in_file(path)
        self.drawn = self._stored = 0
        self.complete()

    def close(self) -> None:
        """Release the file."""
        self.db.close()

    def clear(self) -> None:
        """Empty every table."""
        names = self.db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        self.begin()
        self.drawn = self._stored
        for (name,) in names:
            self.db.execute(f"DELETE FROM {name}")  # noqa: S608 - our own table names
        self.commit()
        self.recount()

    def replace(self, source: sqlite3.Connection) -> None:
        """Take over all that another database holds. Errors: sqlite3.Error."""
        if self.path is None:
            replace_memory(self.db, source)
        else:
            source.backup(self.db)

    def complete(self) -> None:
        """Make the tables that a database of an earlier version lacks, after it was opened or replaced."""
        # All or nothing: a file that a killed start left is empty, and no database of another program.
        self.db.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
        self.recount()

    def recount(self) -> None:
        """Read again how many ids were drawn."""
        row = self.db.execute("SELECT value FROM settings WHERE name = 'drawn'").fetchone()
        self.drawn = self._stored = int(row[0]) if row else 0

    def draw(self) -> int:
        """The next number for an id; it is part of the transaction like everything else."""
        self.drawn += 1
        return self.drawn

    def begin(self) -> None:
        """Open the one transaction of a request."""
        self.db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Keep what the transaction did."""
        if self.drawn != self._stored:
            self.db.execute("INSERT OR REPLACE INTO settings (name, value) VALUES ('drawn', ?)", (b"%d" % self.drawn,))
        self.db.execute("COMMIT")
        self._stored = self.drawn

    def rollback(self) -> None:
        """Drop what the transaction did."""
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")
            self.drawn = self._stored

    def get(self, scope: int, object_id: str) -> Row | None:
        """The object with this id, deleted or not."""
        row = self.db.execute(_ONE, (scope, object_id)).fetchone()
        return Row(*row) if row else None

    def add(self, scope: int, kind: ObjectType, body: Body, extra: Body | None = None) -> bytes:
        """Insert a new object and answer its encoded body."""
        encoded = encode(body)
        hidden = encode(extra) if extra else None
        created = body.get("created") or 0
        self.db.execute(_INSERT, (scope, kind.name, body["id"], created, *kind.columns(body), encoded, hidden))
        return encoded

    def add_rows(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert many objects that are encoded already, as rows in the order of the columns of `add`."""
        self.db.executemany(_INSERT, rows)

    def save(self, scope: int, kind: ObjectType, body: Body) -> bytes:
        """Replace the body of an object and answer it encoded."""
        encoded = encode(body)
        self.db.execute(
            "UPDATE objects SET owner = ?, parent = ?, label = ?, body = ? WHERE scope = ? AND id = ?",
            (*kind.columns(body), encoded, scope, body["id"]),
        )
        return encoded

    def save_extra(self, scope: int, object_id: str, extra: Body) -> None:
        """Replace what is hidden about an object."""
        self.db.execute("UPDATE objects SET extra = ? WHERE scope = ? AND id = ?", (encode(extra), scope, object_id))

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
