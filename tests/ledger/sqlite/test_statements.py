"""SQL statements made of names: what they do, in a database."""

from __future__ import annotations

import sqlite3

import pytest

from creditctl.ledger.sqlite.statements import insert, marks, select


def test_rows_go_in_and_come_out_by_their_columns() -> None:
    with sqlite3.connect(":memory:") as db:
        db.execute("CREATE TABLE t (a PRIMARY KEY, b)")
        db.execute(insert("t", ("b", "a")), ("one", 1))
        assert db.execute(select(("a", "b"), "t", "WHERE a = ?"), (1,)).fetchall() == [(1, "one")]


def test_a_row_that_is_there_is_refused_left_or_replaced() -> None:
    with sqlite3.connect(":memory:") as db:
        db.execute("CREATE TABLE t (a PRIMARY KEY, b)")
        db.execute(insert("t", ("a", "b")), (1, "first"))
        with pytest.raises(sqlite3.IntegrityError):
            db.execute(insert("t", ("a", "b")), (1, "second"))
        db.execute(insert("t", ("a", "b"), otherwise="IGNORE"), (1, "third"))
        assert db.execute("SELECT b FROM t").fetchall() == [("first",)]
        db.execute(insert("t", ("a", "b"), otherwise="REPLACE"), (1, "fourth"))
        assert db.execute("SELECT b FROM t").fetchall() == [("fourth",)]


def test_there_are_as_many_marks_as_values() -> None:
    assert (marks(()), marks("ab")) == ("", "?, ?")
