"""`creditctl ledger verify`: count and head of the hash chain, and every fault by name."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.cli import Cli


def test_verify_prints_count_and_head(book: Cli) -> None:
    report = book("ledger", "verify", "--json").report
    expected = book("ledger", "verify", "--expect-head", report["head"])

    assert (report["count"], report["faults"], len(report["head"])) == (3, [], 64)
    assert expected.exit_code == 0
    assert "holds the expected head" in expected.stdout


def tamper(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for name in ("no_update", "no_delete"):
            connection.execute(f"DROP TRIGGER credit_transactions_{name}")
        connection.execute(statement)
        connection.commit()


def test_verify_names_an_edited_row_and_ends_with_6(book: Cli) -> None:
    tamper(book.folder / "book.db", "UPDATE credit_transactions SET credits = 9000 WHERE id = 2")

    outcome = book("ledger", "verify", "--json")

    assert (outcome.exit_code, outcome.document["ok"]) == (6, False)
    assert {(item["code"], item["subject"]) for item in outcome.document["findings"]} >= {
        ("ledger.edited", "entry 2"),
        ("ledger.protection", "ledger"),
    }
    assert "entry 2 was edited" in book("ledger", "verify").stdout


def test_verify_finds_a_cut_tail_by_the_head_that_was_noted(book: Cli) -> None:
    head = book("ledger", "verify", "--json").report["head"]
    tamper(book.folder / "book.db", "DELETE FROM credit_transactions WHERE id = 3")

    outcome = book("ledger", "verify", "--expect-head", head, "--json")

    assert outcome.exit_code == 6
    assert "ledger.head" in {item["code"] for item in outcome.document["findings"]}


@pytest.mark.parametrize("head", ["", "abc", "g" * 64, "a" * 63, "deadbeef" * 9])
def test_an_expected_head_that_is_no_hash_is_a_usage_error(book: Cli, head: str) -> None:
    outcome = book("ledger", "verify", "--expect-head", head)

    assert outcome.exit_code == 2
    assert "no hash" in outcome.stderr
