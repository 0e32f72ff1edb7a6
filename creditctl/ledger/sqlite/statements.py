"""SQL statements made of table and column names: the one place where SQL text is put together.

Names and conditions are constants of this package; whatever comes from outside is bound to a `?`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

_A_BATCH = 5000

Value = TypeVar("Value")


def select(columns: Sequence[str], table: str, rest: str = "") -> str:
    """A SELECT of columns from a table. Shape: `rest` is what follows the table: WHERE, ORDER BY, LIMIT."""
    return f"SELECT {', '.join(columns)} FROM {table} {rest}"  # noqa: S608 - names of ours, see above


def insert(table: str, columns: Sequence[str], *, otherwise: str = "ABORT") -> str:
    """An INSERT of one row. Shape: `otherwise` is SQLite's conflict clause: ABORT, IGNORE or REPLACE."""
    return f"INSERT OR {otherwise} INTO {table} ({', '.join(columns)}) VALUES ({marks(columns)})"  # noqa: S608 - as above


def upsert(table: str, columns: Sequence[str], *, key: str) -> str:
    """An INSERT of one row that changes the row which has its key already; no trigger takes it for a deletion."""
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name != key)
    return f"{insert(table, columns)} ON CONFLICT ({key}) DO UPDATE SET {changes}"


def marks(values: Sequence[object]) -> str:
    """As many `?` as there are values, for VALUES or IN."""
    return ", ".join("?" * len(values))


def among(column: str) -> str:
    """The condition that a column has one of many values, which are bound as a JSON list."""
    return f"{column} IN (SELECT value FROM json_each(?))"  # noqa: S608 - a name of ours, as above


def batched(values: Iterable[Value]) -> Iterator[list[Value]]:
    """Values in lists of a size that one statement takes."""
    left = iter(values)
    while some := list(itertools.islice(left, _A_BATCH)):
        yield some
