"""Bulk load: a table is filled without its indexes and triggers, which are made again at its end.

An index that is made of all rows at once is sorted first; one that follows each row is written in no order.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

_MADE = (
    "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('index', 'trigger') AND sql IS NOT NULL"
)


@contextmanager
def bulk_load(connection: sqlite3.Connection, table: str) -> Iterator[None]:
    """Takes indexes and triggers off a table while it is filled, inside the caller's transaction.

    Shape: what the triggers would have noted, the caller makes up for. After an error the caller rolls all of it back.
    """
    made = connection.execute(_MADE, (table,)).fetchall()
    for kind, name, _ in made:
        connection.execute(f"DROP {kind} {name}")
    yield
    for _, _, statement in made:
        connection.execute(statement)
