"""Earlier names of a source's users: what a query or a file gave, for users whom it no longer has.

An application that deletes a user keeps their rows, and what they bought stays theirs. Names count for the database, or
the file, whose rows had them; those of another one only where it has the same rows, as after a move: else its user 7
may be somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from itertools import islice

from creditctl.core.project_file.source import SourceUsers
from creditctl.ledger.archive.file import ArchiveFile
from creditctl.ledger.archive.source_models import SourceRow
from creditctl.ledger.archive.source_store import names_given, rows_elsewhere

_PAGE_ROWS = 5000
_ENOUGH = 1000
"""After how many rows that both have it is told whether they are the same."""

_SAME_PERCENT = 90


def given_by_pairs(users: SourceUsers) -> bool:
    """Whether a query or a file names users, which may no longer have one; a form or a prefix says it of all."""
    return users.query is not None or users.file is not None


def earlier_names(
    archive: ArchiveFile, users: SourceUsers, place: str, rows: Callable[[], Generator[SourceRow]]
) -> dict[str, str]:
    """The users of kept rows as Stripe has them, by what the application calls them; the latest where that changed.

    Shape: `rows` are read only where those that are kept come from another place.
    """
    if not given_by_pairs(users):
        return {}
    if not rows_elsewhere(archive, place):
        return names_given(archive, place)
    with closing(rows()) as found:
        return names_given(archive, None if _are_same(archive, place, found) else place)


def _are_same(archive: ArchiveFile, place: str, rows: Iterator[SourceRow]) -> bool:
    """Whether a place has the rows that are kept of another one: whose ids are alike, is of one time and user too."""
    both = same = 0
    while both < _ENOUGH and (page := {row.row_id: row for row in islice(rows, _PAGE_ROWS)}):
        for kept in rows_elsewhere(archive, place, page):
            both += 1
            row = page[kept.row_id]
            same += (row.created, row.owner) == (kept.created, kept.owner)
    return both > 0 and same * 100 >= both * _SAME_PERCENT
