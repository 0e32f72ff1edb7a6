"""Close payments: which payments of one user were made within minutes of each other, marked in the rows of worth.

A mark follows from other rows, so it is set in the transaction that changes one of them. Then no probe has to look for
neighbours, and a payment that has gained or lost one is noted like any other change of worth.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from creditctl.core.entitlement.sale import CLOSE_SECONDS
from creditctl.ledger.sqlite.statements import batched

_MARK = (
    "UPDATE worth SET twice = 1 - twice WHERE {which} twice <> (bought IS NOT NULL AND EXISTS ("
    "SELECT 1 FROM worth o WHERE o.user_id = worth.user_id AND o.payment <> worth.payment "
    "AND o.bought > worth.bought - :close AND o.bought < worth.bought + :close))"
)
_MARK_ALL = _MARK.format(which="")
_MARK_SOME = _MARK.format(which="payment IN (SELECT value FROM json_each(:payments)) AND")
# The order of a CROSS JOIN is kept: the few that moved are walked, and their neighbours are found in an index.
_NEIGHBOURS = (
    "SELECT o.payment FROM json_each(:payments) m CROSS JOIN worth w ON w.payment = m.value CROSS JOIN worth o "
    "ON o.user_id = w.user_id AND o.bought > w.bought - :close AND o.bought < w.bought + :close"
)


def mark_all(connection: sqlite3.Connection) -> None:
    """Marks the payments that have a neighbour, where none is marked yet."""
    connection.execute(_MARK_ALL, {"close": CLOSE_SECONDS})


@contextmanager
def marking(connection: sqlite3.Connection, moved: Collection[str]) -> Iterator[None]:
    """Marks anew what the change inside makes close, or no longer close.

    Shape: `moved` are the payments that it gives another buyer or another time, makes or drops.
    """
    before = set(_neighbours(connection, moved))
    yield
    for some in batched({*moved, *before, *_neighbours(connection, moved)}):
        connection.execute(_MARK_SOME, _about(some))


def _neighbours(connection: sqlite3.Connection, payments: Iterable[str]) -> Iterator[str]:
    for some in batched(payments):
        yield from (row[0] for row in connection.execute(_NEIGHBOURS, _about(some)))


def _about(payments: Sequence[str]) -> Mapping[str, object]:
    return {"payments": json.dumps(payments), "close": CLOSE_SECONDS}
