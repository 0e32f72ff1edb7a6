"""The probes are portable statements with names, walk indexes only, and say the same in another database."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from creditctl.ledger.matching.probes import ABOUT_ENTRIES, Probes, statements
from tests.bench.match_books import Books

PORTABLE_FUNCTIONS = {"SUM", "MAX", "EXISTS", "IN", "AND", "OR", "NOT"}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    made = Books(tmp_path_factory.mktemp("books"), 2000, 5)
    made.write()
    return made


def probes(books: Books) -> Probes:
    return Probes(books.archive, books.ledger, False, 900)


def test_each_statement_has_a_name_and_the_file_is_nothing_else() -> None:
    assert len(statements()) == 5
    assert list(statements())[-1] == ABOUT_ENTRIES


@pytest.mark.parametrize("name", statements())
def test_a_statement_is_portable(name: str) -> None:
    """No JSON, no division, no function that another database has not."""
    text = statements()[name]
    assert "json" not in text.lower()
    assert "/" not in text
    assert set(re.findall(r"\b([A-Z]+)\s*\(", text)) <= PORTABLE_FUNCTIONS


@pytest.mark.parametrize("name", statements())
def test_no_statement_walks_two_tables_against_each_other(books: Books, name: str) -> None:
    """One walk at most; whatever else is asked is found in an index, and nothing is sorted or kept."""
    with probes(books).connected() as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {statements()[name]}", probes(books).parameters).fetchall()
    steps = [row[3] for row in plan]
    assert sum(step.startswith("SCAN") for step in steps) <= 1, steps
    assert not any("TEMP B-TREE" in step or "AUTOMATIC" in step for step in steps), steps


def test_every_difference_is_suspected_and_little_else(books: Books) -> None:
    found = probes(books).run()
    names = found.payments | {str(number) for number in found.unexplained}
    assert len(books.planted()) == 40
    assert len(names) <= 2 * len(books.planted())
    assert found.named == sum(1 for _ in books.entries())


def test_duckdb_answers_the_same(books: Books, tmp_path: Path) -> None:
    """Each statement as it stands, over copies of both tables."""
    duckdb = pytest.importorskip("duckdb")
    with probes(books).connected() as connection, duckdb.connect() as other:
        for table in ("worth", "entry"):
            rows = connection.execute(f"SELECT * FROM {table}")
            names = [column[0] for column in rows.description]
            text = {"payment", "session_id", "user_id", "currency", "package", "kind", "payment_key", "idempotency_key"}
            columns = ", ".join(f"{name} {'VARCHAR' if name in text else 'BIGINT'}" for name in names)
            other.execute(f"CREATE TABLE {table} ({columns})")
            other.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", rows.fetchall())
            due = {"worth": "due", "entry": "due_entry"}[table]
            other.execute(f"CREATE VIEW {due} AS SELECT * FROM {table}")
        for name, statement in statements().items():
            bound = {key: each for key, each in probes(books).parameters.items() if f":{key}" in statement}
            theirs = other.execute(
                re.sub(r":(\w+)", r"$\1", statement.replace("'purchase:%'", "'purchase' || chr(58) || '%'")), bound
            )
            ours = connection.execute(statement, probes(books).parameters)
            assert sorted(theirs.fetchall()) == sorted(ours.fetchall()), name
