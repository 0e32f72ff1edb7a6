"""A large ledger is proven piece by piece: what is edited is found within as many turns as there are pieces."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from creditctl.ledger.schema import MIGRATIONS
from creditctl.ledger.store import Ledger
from creditctl.ledger.verification.partly import verify_partly
from tests.support.ledgers import MakePurchase

COUNT = 23


@pytest.fixture
def file(ledger: Ledger, purchase: MakePurchase, path: Path) -> Iterator[sqlite3.Connection]:
    """A ledger of some entries, and a connection without its protection."""
    with ledger.transaction() as tx:
        for number in range(1, COUNT + 1):
            tx.post(purchase(number))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def faults(file: sqlite3.Connection, ledger: Ledger, turn: int) -> list[int | None]:
    """The entries that a turn finds wrong, where seven entries are a large ledger and five a part."""
    found = verify_partly(file, ledger.account, ledger.livemode, migrations=MIGRATIONS, turn=turn, whole=7, part=5)
    assert found.head.count == COUNT
    return [fault.entry_id for fault in found.faults]


def edit(file: sqlite3.Connection, statement: str) -> None:
    """Edits as somebody does who takes the protection off and puts it back."""
    triggers = file.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        file.execute(f"DROP TRIGGER {name}")
    for each in (statement, *(text for _, text in triggers)):
        file.execute(each)


def test_a_sound_ledger_is_sound_in_each_turn(file: sqlite3.Connection, ledger: Ledger) -> None:
    assert [faults(file, ledger, turn) for turn in range(6)] == [[]] * 6


@pytest.mark.parametrize("entry", range(1, COUNT + 1))
def test_an_edited_entry_is_found_once_its_turn_comes(file: sqlite3.Connection, ledger: Ledger, entry: int) -> None:
    edit(file, f"UPDATE credit_transactions SET credits = credits + 1 WHERE id = {entry}")
    turns = [entry in faults(file, ledger, turn) for turn in range(4)]

    assert any(turns)
    assert all(turns) is (entry > COUNT - 5), "the newest are proven each time"


def test_a_protection_that_is_gone_is_found_in_each_turn(file: sqlite3.Connection, ledger: Ledger) -> None:
    (name,) = file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' LIMIT 1").fetchone()
    file.execute(f"DROP TRIGGER {name}")

    assert all(faults(file, ledger, turn) for turn in range(4))


def test_removed_entries_are_found(file: sqlite3.Connection, ledger: Ledger) -> None:
    edit(file, "DELETE FROM credit_transactions WHERE id IN (5, 6)")
    found = [
        verify_partly(file, ledger.account, ledger.livemode, migrations=MIGRATIONS, turn=turn, whole=7, part=5)
        for turn in range(4)
    ]

    assert any(each.faults for each in found)
