"""Structure of a ledger file: SQLite's own check of its pages, and its whole schema against what this version makes."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import NamedTuple

from creditctl.ledger.hashchain.violations import Violation
from creditctl.ledger.schema import Migration, upgrade

_MOST_DAMAGE = 20
_MIGRATIONS_TABLE = "_sqlite_migrations"
"""Made by sqlite-utils, each version of which may write it in its own way, with these words and no other."""
_MIGRATIONS_WORDS = frozenset(
    (
        *("CREATE", "TABLE", "IF", "NOT", "EXISTS", "TEXT", "INTEGER", "PRIMARY", "KEY", "UNIQUE", "NULL", "STRICT"),
        *("_SQLITE_MIGRATIONS", "ID", "MIGRATION_SET", "NAME", "APPLIED_AT"),
    )
)


class SchemaObject(NamedTuple):
    """A table, index, trigger or view of a file, and the words that made it."""

    type: str
    name: str
    table: str
    words: tuple[str, ...]


def damage(connection: sqlite3.Connection) -> Iterator[Violation]:
    """What SQLite finds wrong with pages, rows and indexes: an index that says something else than its table, too.

    Source: SQLite documentation, "PRAGMA integrity_check".
    """
    for (line,) in connection.execute(f"PRAGMA integrity_check({_MOST_DAMAGE})"):
        if line != "ok":
            yield Violation("damaged", None, f"the file is damaged: {line}")


def schema_faults(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> Iterator[Violation]:
    """Every table, index, trigger and view that is gone, is another one under its name, or is none of this version."""
    expected, found = _expected(migrations), _objects(connection)
    for key, wanted in expected.items():
        there = found.get(key)
        if there is None:
            yield _fault(wanted, "is gone")
        elif there != wanted:
            yield _fault(wanted, "is not the one it was")
    for key, stranger in found.items():
        if key not in expected:
            where = f"{stranger.type} {stranger.name} on {stranger.table}"
            yield Violation("schema", None, f"the {where} is none of this version's: remove it")
    yield from _migration_faults(connection, {name for name, _ in migrations})


def _migration_faults(connection: sqlite3.Connection, names: set[str]) -> Iterator[Violation]:
    """What is wrong with the table that says which formats a file has passed through: its columns, its rows."""
    query = "SELECT coalesce(sql, '') FROM sqlite_master WHERE type = 'table' AND name = ?"
    (made,) = connection.execute(query, (_MIGRATIONS_TABLE,)).fetchone() or ("is gone",)
    if not set(re.findall(r"\w+", made.upper())) <= _MIGRATIONS_WORDS:
        yield Violation("schema", None, f"the table {_MIGRATIONS_TABLE} is not the one it was: it was made by another")
        return
    rows = connection.execute(f"SELECT migration_set, name FROM {_MIGRATIONS_TABLE}").fetchall()  # noqa: S608
    if sorted(map(tuple, rows)) != [("ledger", name) for name in sorted(names)]:
        yield Violation("schema", None, f"the rows of {_MIGRATIONS_TABLE} are not the formats that this file passed")


def _fault(wanted: SchemaObject, what: str) -> Violation:
    if wanted.type == "trigger":
        return Violation("protection", None, f"the trigger {wanted.name} {what}: rows could be changed")
    return Violation("schema", None, f"the {wanted.type} {wanted.name} {what}: what is read through it may be untrue")


def _expected(migrations: Sequence[Migration]) -> dict[tuple[str, str], SchemaObject]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as model:
        upgrade(model, migrations)
        return _objects(model)


def _objects(connection: sqlite3.Connection) -> dict[tuple[str, str], SchemaObject]:
    """By type and name, since a trigger may be called as a table is.

    Shape: without what SQLite keeps for its planner, which changes no answer.
    """
    rows = connection.execute("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master").fetchall()
    found = [SchemaObject(type_, name, table, tuple(sql.split())) for type_, name, table, sql in rows]
    return {(each.type, each.name): each for each in found if not _is_bookkeeping(each)}


def _is_bookkeeping(found: SchemaObject) -> bool:
    if found.type == "table" and found.name.startswith("sqlite_stat"):
        return True
    return found.table == _MIGRATIONS_TABLE and (found.type == "table" or found.name.startswith("sqlite_autoindex"))
