"""Walk along the hash chain: names every entry that was edited, moved, removed or inserted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from creditctl.ledger.hashchain.chain import COLUMNS, GENESIS, entry_hash
from creditctl.ledger.hashchain.violations import Violation
from creditctl.ledger.models import Head
from creditctl.ledger.sqlite.statements import select

_MAX_TRACED = 12
_MAX_NAMED = 1000
_ID, _ACCOUNT, _LIVEMODE, _HASH = (COLUMNS.index(name) for name in ("id", "account", "livemode", "hash"))

MAX_ID = 2**63 - 1
"""The greatest number that SQLite gives to a row."""

Row = Sequence[Any]


def walk_chain(
    connection: sqlite3.Connection, account: str, livemode: bool, *, after: int = 0, until: int | None = None
) -> tuple[Head, list[Violation]]:
    """Recomputes the chain: the head that is there now, and every row that does not fit.

    Shape: from the first entry to the last, or from the one after the number `after` to the number `until`.
    """
    walk = _Walk(account, int(livemode))
    if after:
        walk.begin_after(after, _hash_of(connection, after))
    terms, values = ("WHERE id > ? AND id <= ?", (after, until or MAX_ID)) if after or until else ("", ())
    for row in connection.execute(select(COLUMNS, "credit_transactions", f"{terms} ORDER BY id"), values):
        walk.step(row)
    faults = [*walk.faults, *_traced(walk.broken)]
    if walk.unnamed:
        faults.append(Violation("chain", None, f"{walk.unnamed} more entries do not fit"))
    return Head(walk.count, walk.previous), faults


def _hash_of(connection: sqlite3.Connection, number: int) -> str | None:
    row = connection.execute("SELECT hash FROM credit_transactions WHERE id = ?", (number,)).fetchone()
    return None if row is None else str(row[0])


@dataclass(frozen=True, slots=True)
class _Broken:
    """A row whose hash does not fit, and the hash before it."""

    row: Row
    previous: str


class _Walk:
    """One pass over the entries in order."""

    def __init__(self, account: str, livemode: int) -> None:
        self.count = 0
        self.previous = GENESIS
        self.faults: list[Violation] = []
        self.broken: list[_Broken] = []
        self.unnamed = 0
        self._next_id = 1
        self._owner = (account, livemode)

    def begin_after(self, number: int, previous: str | None) -> None:
        """Goes on behind an entry. Shape: where that is gone, the next one does not fit."""
        self.count, self._next_id, self.previous = number, number + 1, previous or ""

    def step(self, row: Row) -> None:
        """Takes the next row."""
        gap = self._check_number(int(row[_ID]))
        if entry_hash(self.previous, row[:_HASH]) != row[_HASH] and not gap:
            self._note(_Broken(row, self.previous))
        if (row[_ACCOUNT], row[_LIVEMODE]) != self._owner:
            self.faults.append(Violation("foreign", row[_ID], f"entry {row[_ID]} is of another account or mode"))
        self.count += 1
        self.previous = row[_HASH]

    def _note(self, broken: _Broken) -> None:
        if len(self.broken) < _MAX_NAMED:
            self.broken.append(broken)
        else:
            self.unnamed += 1

    def _check_number(self, number: int) -> bool:
        """Whether entries are missing before this one; then its hash cannot fit and says nothing of itself."""
        if number < 1:
            self.faults.append(Violation("inserted", number, f"entry {number} was inserted: entries begin at 1"))
            return False
        missing = range(self._next_id, number)
        self._next_id = number + 1
        if len(missing):
            named = f"entry {missing[0]} is" if len(missing) == 1 else f"entries {missing[0]} to {missing[-1]} are"
            self.faults.append(Violation("missing", missing[0], f"{named} missing"))
        return len(missing) > 0


def _traced(broken: Sequence[_Broken]) -> Iterator[Violation]:
    """Says of each row whose hash does not fit what happened to it, as far as can be told."""
    traced = broken[:_MAX_TRACED]
    former = {id(each): _former_number(each.row, traced) for each in traced}
    for each in broken:
        number, was = each.row[_ID], former.get(id(each))
        if was is not None:
            yield Violation("moved", number, f"entry {number} was moved: it was written as entry {was}")
        elif _follows_moved(each, traced, former):
            yield Violation("chain", number, f"entry {number} does not follow entry {number - 1}, which was exchanged")
        else:
            yield Violation("edited", number, f"entry {number} was edited or inserted: its hash does not fit")


def _former_number(row: Row, broken: Sequence[_Broken]) -> int | None:
    """Where a row stood when it was written, if its hash fits there."""
    befores = {each.previous for each in broken} | {each.row[_HASH] for each in broken}
    numbers: set[int] = {each.row[_ID] + shift for each in broken for shift in (-1, 0, 1)} - {row[_ID]}
    for number in sorted(numbers):
        values = (number, *row[1:_HASH])
        if any(entry_hash(before, values) == row[_HASH] for before in befores):
            return number
    return None


def _follows_moved(each: _Broken, broken: Sequence[_Broken], former: dict[int, int | None]) -> bool:
    """Whether a row is as it was written, and only the row before it is another."""
    hashes = [other.row[_HASH] for other in broken if former.get(id(other)) is not None]
    return any(entry_hash(before, each.row[:_HASH]) == each.row[_HASH] for before in hashes)
