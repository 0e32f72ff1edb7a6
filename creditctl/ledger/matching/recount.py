"""Recount: whether the counters that an archive keeps of its rows are those of its rows, and what makes them so.

A run reckons by counters how many payments it proved without reading them; triggers keep them, unless another program
changed the file.
"""

from __future__ import annotations

import sqlite3

from creditctl.ledger.archive.file import ArchiveFile

RECOUNT_WORTH = (
    "UPDATE worth_counts SET (rows, plain) = "
    "(SELECT count(*), coalesce(sum(look = 0 AND user_id IS NOT NULL), 0) FROM worth)"
)
"""Makes the counts of rows of worth what these come to."""

_COUNTED = {
    "worth_counts": (
        "SELECT rows, plain FROM worth_counts",
        "SELECT count(*), coalesce(sum(look = 0 AND user_id IS NOT NULL), 0) FROM worth",
    ),
    "pull_counts": (
        "SELECT list, count FROM pull_counts WHERE count <> 0 ORDER BY list",
        "SELECT list, count(*) FROM pulled GROUP BY list ORDER BY list",
    ),
}
_MENDS = {
    "worth_counts": (RECOUNT_WORTH,),
    "pull_counts": (
        "DELETE FROM pull_counts",
        "INSERT INTO pull_counts SELECT list, count(*) FROM pulled GROUP BY list",
    ),
}


def miscounted(file: ArchiveFile) -> tuple[str, ...]:
    """The counters that are not what their rows come to. Errors: LedgerError."""
    with file.read_session() as connection:
        return tuple(name for name in _COUNTED if _is_wrong(connection, name))


def recount(file: ArchiveFile) -> None:
    """Makes every counter what its rows come to; where all are, nothing is written. Errors: LedgerError."""
    wrong = miscounted(file)
    if wrong:
        with file.write_session() as connection:
            for statement in (each for name in wrong for each in _MENDS[name]):
                connection.execute(statement)


def _is_wrong(connection: sqlite3.Connection, name: str) -> bool:
    if connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)).fetchone() is None:
        return False
    kept, counted = _COUNTED[name]
    return connection.execute(kept).fetchall() != connection.execute(counted).fetchall()
