"""`creditctl ledger history`: its filters, its order, and its CSV."""

from __future__ import annotations

import csv
import io

import pytest

from creditctl.ledger.hashchain.chain import COLUMNS
from tests.support.cli import Cli


@pytest.mark.parametrize(
    ("arguments", "payments"),
    [
        ([], ["pi_1", "pi_2", "pi_3"]),
        (["--user", "user2"], ["pi_2"]),
        (["user2"], ["pi_2"]),
        (["user2", "--user", "user2"], ["pi_2"]),
        (["--kind", "refund"], []),
        (["--payment", "pi_3"], ["pi_3"]),
        (["--since", "50h"], ["pi_1", "pi_2"]),
        (["--until", "50h"], ["pi_3"]),
        (["--since", "3d", "--until", "2d"], ["pi_3"]),
        (["--after-id", "1"], ["pi_2", "pi_3"]),
        (["--newest-first", "--limit", "2"], ["pi_3", "pi_2"]),
        (["--newest-first", "--after-id", "3"], ["pi_2", "pi_1"]),
    ],
)
def test_history_is_filtered(book: Cli, arguments: list[str], payments: list[str]) -> None:
    report = book("ledger", "history", *arguments, "--json").report

    assert [entry["payment_key"] for entry in report["entries"]] == payments


def test_history_as_csv_has_every_column(book: Cli) -> None:
    rows = list(csv.DictReader(io.StringIO(book("ledger", "history", "--csv").stdout)))

    assert list(rows[0]) == list(COLUMNS)
    assert [row["idempotency_key"] for row in rows] == ["purchase:pi_1", "purchase:pi_2", "purchase:pi_3"]


@pytest.mark.parametrize("name", ["history", "balance"])
def test_two_users_at_once_are_refused(book: Cli, name: str) -> None:
    outcome = book("ledger", name, "user1", "--user", "user2", "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (2, "usage.user")


def test_a_balance_is_asked_for_as_a_history_is(book: Cli) -> None:
    by_option, by_argument = (
        book("ledger", "balance", *words, "--json").report for words in (("--user", "user2"), ("user2",))
    )

    assert (by_option, by_option["user_id"]) == (by_argument, "user2")
