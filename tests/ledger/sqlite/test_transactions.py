"""Write transactions: everything is there afterwards, or nothing, however it ended."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from creditctl.ledger.sqlite.transactions import write_transaction


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "t.db", isolation_level=None)
    connection.execute("CREATE TABLE t (a INTEGER NOT NULL)")
    yield connection
    connection.close()


def test_what_ends_well_is_there(db: sqlite3.Connection) -> None:
    with write_transaction(db):
        db.execute("INSERT INTO t VALUES (1)")
    assert not db.in_transaction
    assert db.execute("SELECT a FROM t").fetchall() == [(1,)]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, sqlite3.OperationalError])
def test_of_what_fails_nothing_is_there(db: sqlite3.Connection, error: type[BaseException]) -> None:
    def write_and_fail() -> None:
        with write_transaction(db):
            db.execute("INSERT INTO t VALUES (1)")
            raise error

    with pytest.raises(error):
        write_and_fail()
    assert not db.in_transaction
    assert db.execute("SELECT a FROM t").fetchall() == []


def test_it_is_begun_as_a_writing_one(db: sqlite3.Connection, tmp_path: Path) -> None:
    rival = sqlite3.connect(tmp_path / "t.db", isolation_level=None, timeout=0)
    with write_transaction(db), pytest.raises(sqlite3.OperationalError, match="locked"):
        rival.execute("BEGIN IMMEDIATE")
    rival.close()
