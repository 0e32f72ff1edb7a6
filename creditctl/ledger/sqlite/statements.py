"""SQL statements made of table and column names: the one place where SQL text is put together.

Names and conditions are constants of this package; whatever comes from outside is bound to a `?`.
"""

from __future__ import annotations

from collections.abc import Sequence


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
