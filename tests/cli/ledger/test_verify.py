"""`creditctl ledger verify`: count and head of the hash chain, and every fault by name."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.cli import Cli
from tests.support.market import Market, market

__all__ = ["market"]


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


def test_counters_of_the_archive_that_are_wrong_are_noted_and_counted_again_by_full(cli: Cli, market: Market) -> None:
    market.buy("starter", "u1")
    market.deliver()
    market.clock.now += 3600
    assert cli("reconcile").exit_code == 0
    (path,) = cli.folder.glob("*-archive.db")
    with closing(sqlite3.connect(path)) as archive:
        archive.execute("UPDATE pull_counts SET count = count + 7 WHERE list = 'refunds' OR list = 'payment_intents'")
        archive.execute("UPDATE worth_counts SET rows = rows + 1")
        archive.commit()

    noted = cli("ledger", "verify", "--json")

    assert noted.exit_code == 0
    (finding,) = noted.document["findings"]
    assert (finding["code"], finding["message"][:26]) == ("archive.miscounted", "worth_counts, pull_counts ")
    assert cli("reconcile", "--full").exit_code == 0
    assert cli("ledger", "verify", "--json").document["findings"] == []
