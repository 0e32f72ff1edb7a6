"""Tampering with a ledger file by plain sqlite3, and what verifying says of it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from creditctl.ledger.hashchain.chain import COLUMNS, GENESIS, entry_hash
from creditctl.ledger.store import Ledger
from tests.support.ledger_calls import read
from tests.support.ledgers import MakePurchase

Tamper = Callable[..., None]


@pytest.fixture
def full(ledger: Ledger, purchase: MakePurchase) -> Ledger:
    """A ledger of six entries."""
    for number in range(1, 7):
        with ledger.transaction() as tx:
            tx.post(purchase(number))
    return ledger


@pytest.fixture
def tamper(full: Ledger, path: Path) -> Tamper:
    """Runs statements as somebody would who took the triggers off first and put them back afterwards."""

    def run(*statements: str) -> None:
        connection = sqlite3.connect(path)
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in (*statements, *(text for _, text in triggers)):
            connection.execute(statement)
        connection.commit()
        connection.close()

    return run


def faults(ledger: Ledger, expect_head: str | None = None) -> list[tuple[str, int | None]]:
    return [(fault.kind, fault.entry_id) for fault in read(ledger).verify(expect_head).faults]


def copy_with_id(number: int, source: int) -> str:
    others = ", ".join(f"'{name}' || {number}" if name == "idempotency_key" else name for name in COLUMNS[1:])
    return f"INSERT INTO credit_transactions SELECT {number}, {others} FROM credit_transactions WHERE id = {source}"


def test_an_untouched_ledger_verifies_with_count_and_head(full: Ledger) -> None:
    verification = read(full).verify()
    assert (verification.ok, verification.head) == (True, read(full).head())
    assert verification.head.count == 6


def test_an_empty_ledger_verifies(ledger: Ledger) -> None:
    assert read(ledger).verify().head.hash == GENESIS
    assert read(ledger).verify(expect_head=GENESIS).ok


def test_the_chain_is_recomputed_by_its_documentation_alone(full: Ledger, path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    previous = "0" * 64
    for row in connection.execute("SELECT * FROM credit_transactions ORDER BY id"):
        body = {key: row[key] for key in row.keys() if key != "hash"}  # noqa: SIM118 - Row has no items
        text = previous + "\n" + json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        previous = hashlib.sha256(text.encode()).hexdigest()
        assert row["hash"] == previous
    connection.close()


@pytest.mark.parametrize("column", [name for name in COLUMNS if name not in ("id", "hash", "livemode", "kind")])
def test_an_edit_of_any_column_is_found_and_named(full: Ledger, tamper: Tamper, column: str) -> None:
    number = column in ("recorded", "created", "credits", "amount", "corrects")
    tamper(f"UPDATE credit_transactions SET {column} = {1 if number else repr('changed')} WHERE id = 4")
    found = faults(full)
    assert ("edited", 4) in found
    assert {entry_id for _, entry_id in found} == {4}


def test_an_edited_hash_is_found(full: Ledger, tamper: Tamper) -> None:
    tamper(f"UPDATE credit_transactions SET hash = '{GENESIS}' WHERE id = 6")
    assert faults(full) == [("edited", 6)]


def test_a_row_rehashed_after_an_edit_breaks_the_row_after_it(full: Ledger, tamper: Tamper) -> None:
    rows = list(read(full).export())
    values = [5000 if name == "credits" else rows[2][name] for name in COLUMNS[:-1]]
    forged = entry_hash(str(rows[1]["hash"]), values)
    tamper(f"UPDATE credit_transactions SET credits = 5000, hash = '{forged}' WHERE id = 3")
    assert faults(full) == [("edited", 4)]


@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_deleted_row_is_found_and_named(full: Ledger, tamper: Tamper, number: int) -> None:
    tamper(f"DELETE FROM credit_transactions WHERE id = {number}")
    assert faults(full) == [("missing", number)]


def test_several_deleted_rows_are_named_together(full: Ledger, tamper: Tamper) -> None:
    tamper("DELETE FROM credit_transactions WHERE id IN (2, 3, 4)")
    (fault,) = read(full).verify().faults
    assert fault.message == "entries 2 to 4 are missing"


@pytest.mark.parametrize("number", [0, -5])
def test_a_row_inserted_before_the_first_is_found(full: Ledger, tamper: Tamper, number: int) -> None:
    tamper(copy_with_id(number, 2))
    assert ("inserted", number) in faults(full)


def test_a_row_inserted_at_the_end_is_found(full: Ledger, tamper: Tamper) -> None:
    tamper(copy_with_id(7, 2))
    assert faults(full) == [("edited", 7)]


def test_a_row_inserted_between_two_is_found_and_those_it_pushed_are_named(full: Ledger, tamper: Tamper) -> None:
    tamper(
        "UPDATE credit_transactions SET id = 7 WHERE id = 6",
        "UPDATE credit_transactions SET id = 6 WHERE id = 5",
        copy_with_id(5, 2),
    )
    found = faults(full)
    assert found[0] == ("edited", 5)
    assert ("moved", 7) in found


def test_exchanged_rows_are_found_and_named(full: Ledger, tamper: Tamper) -> None:
    tamper(
        "UPDATE credit_transactions SET id = 99 WHERE id = 3",
        "UPDATE credit_transactions SET id = 3 WHERE id = 4",
        "UPDATE credit_transactions SET id = 4 WHERE id = 99",
    )
    assert faults(full) == [("moved", 3), ("moved", 4), ("chain", 5)]
    assert "was written as entry 4" in read(full).verify().faults[0].message


def test_a_cut_tail_is_proven_by_the_head_that_was_noted(full: Ledger, tamper: Tamper) -> None:
    noted = read(full).head().hash
    assert read(full).verify(expect_head=noted).ok
    tamper("DELETE FROM credit_transactions WHERE id >= 5")
    assert read(full).verify().ok
    assert faults(full, expect_head=noted) == [("head", None)]


def test_a_head_noted_earlier_still_holds_after_more_entries(full: Ledger, purchase: MakePurchase) -> None:
    noted = read(full).head().hash
    with full.transaction() as tx:
        tx.post(purchase(7))
    assert read(full).verify(expect_head=noted).ok


def test_missing_protection_orphans_and_strangers_are_found(full: Ledger, tamper: Tamper, path: Path) -> None:
    tamper(
        "INSERT INTO deliveries (received, verified, outcome, entry_id) VALUES (1, 1, 'posted', 77)",
        "UPDATE credit_transactions SET account = 'acct_2' WHERE id = 2",
    )
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER credit_transactions_no_delete")
    connection.close()
    kinds = {kind for kind, _ in faults(full)}
    assert kinds == {"orphan", "foreign", "edited", "protection"}


def test_a_trigger_that_was_exchanged_for_one_that_does_nothing_is_found(full: Ledger, path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(
        "DROP TRIGGER credit_transactions_no_update;"
        "CREATE TRIGGER credit_transactions_no_update BEFORE UPDATE ON credit_transactions BEGIN SELECT 1; END;"
    )
    connection.close()
    (fault,) = read(full).verify().faults
    assert fault.kind == "protection"
    assert "credit_transactions_no_update is not the one it was" in fault.message


def test_very_many_broken_rows_are_counted_rather_than_listed(
    ledger: Ledger, purchase: MakePurchase, path: Path
) -> None:
    with ledger.transaction() as tx:
        for number in range(1, 1203):
            tx.post(purchase(number))
        tx.connection.execute("DROP TRIGGER credit_transactions_no_update")
        tx.connection.execute("UPDATE credit_transactions SET credits = credits + 1")
    messages = [fault.message for fault in read(ledger).verify().faults]
    assert "202 more entries do not fit" in messages
    assert len(messages) == 1002
