"""Cached balances and the spelling of users are found in other tables, and only where most rows bear them out."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from creditctl.core.project_file.source import SourceBalance, SourceSection, SourceUsers, UserForm
from creditctl.sources.databases.url import parse_url
from creditctl.sources.guess.guess import guess_source, with_users
from creditctl.sources.reading.database_rows import DatabaseRows

TABLES = """
CREATE TABLE credit_log (
    id INTEGER PRIMARY KEY, created_at INTEGER, user_id INTEGER, type TEXT, amount INTEGER, pi TEXT
);
CREATE TABLE users (id INTEGER PRIMARY KEY, "publicId" TEXT, credits INTEGER, credit_limit INTEGER);
"""


@pytest.fixture
def rows(tmp_path: Path) -> DatabaseRows:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(TABLES)
        for n in range(1, 6):
            booked = (1793613742, n, "purchase", 100, f"pi_{n}abc")
            connection.execute(
                "INSERT INTO credit_log (created_at, user_id, type, amount, pi) VALUES (?, ?, ?, ?, ?)", booked
            )
            used = (1793613742, n, "usage", -n, None)
            connection.execute(
                "INSERT INTO credit_log (created_at, user_id, type, amount, pi) VALUES (?, ?, ?, ?, ?)", used
            )
            wrong = 777 if n == 5 else 0
            connection.execute("INSERT INTO users VALUES (?, ?, ?, 0)", (n, f"usr_{n}", 100 - n + wrong))
    return DatabaseRows(parse_url(f"sqlite:///{path}"), tmp_path, table="credit_log")


def test_a_balance_is_the_column_that_is_the_sum_of_most_users_rows(rows: DatabaseRows) -> None:
    guess = guess_source(rows, SourceSection(table="credit_log"))

    assert guess.section.balance == SourceBalance("users", "id", "credits")
    assert guess.lines[-1].key == "balance"
    assert {key: each.credits for key, each in guess.evidence.booked.items()} == {
        f"pi_{n}abc": 100 for n in range(1, 6)
    }


@pytest.mark.parametrize(
    ("stripe", "users"),
    [
        ("usr_{n}", SourceUsers(prefix="usr_")),
        ("{n}", SourceUsers()),
        ("{n}@x", None),
    ],
)
def test_users_are_written_as_most_payments_say(rows: DatabaseRows, stripe: str, users: SourceUsers | None) -> None:
    guess = guess_source(rows, SourceSection(table="credit_log"))

    found = with_users(rows, guess, [(str(n), stripe.format(n=n)) for n in range(1, 6)])

    assert (None if found is None else found.section.users) == users


def test_a_table_with_both_spellings_is_a_query(rows: DatabaseRows, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection, connection:
        connection.execute("UPDATE users SET \"publicId\" = 'p' || (id * 7)")
    guess = guess_source(rows, SourceSection(table="credit_log"))

    found = with_users(rows, guess, [(str(n), f"p{n * 7}") for n in range(1, 6)])

    assert found is not None
    assert found.section.users == SourceUsers(query='select id, "publicId" from users')


def test_uuids_are_told_by_their_form(rows: DatabaseRows) -> None:
    guess = guess_source(rows, SourceSection(table="credit_log"))
    dashed = [f"{n:08d}-0000-4000-8000-000000000000" for n in range(4)]

    found = with_users(rows, guess, [(each.replace("-", ""), each) for each in dashed])

    assert found is not None
    assert found.section.users == SourceUsers(form=UserForm.UUID)
