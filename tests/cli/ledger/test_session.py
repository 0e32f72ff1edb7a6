"""The live guard before entries that a person posts: adjust, resolve and import."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.support.cli import Cli
from tests.support.ledger_books import PROPOSAL, add_finding

LIVE_WRITES = [
    ["adjust", "--user", "user1", "--credits", "10", "--reason", "gift"],
    ["resolve", "1", "--credit", "--reason", "seen on the statement"],
    ["import", "app.csv"],
]


@pytest.fixture
def guarded(live_book: Cli) -> Cli:
    add_finding(live_book.folder / "book.db", PROPOSAL)
    (live_book.folder / "app.csv").write_text(
        "created,user_id,kind,credits,amount,currency,payment_key,livemode\n1790000000,u1,usage,-5,0,,,true\n"
    )
    return live_book


@pytest.mark.parametrize("write", LIVE_WRITES, ids=lambda write: write[0])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--mode live"),
        (["--yes"], "--mode live"),
        (["--mode", "live"], "Add --confirm acct_1; --yes alone is not enough"),
        (["--mode", "live", "--yes"], "Add --confirm acct_1"),
        (["--mode", "live", "--confirm", "acct_2"], "but acct_2 was confirmed"),
        (["--mode", "test", "--confirm", "acct_1"], "is live, but --mode test was said"),
        (["--confirm", "acct_1"], "--mode live"),
    ],
)
def test_a_live_ledger_is_guarded(guarded: Cli, write: list[str], arguments: list[str], words: str) -> None:
    outcome = guarded("ledger", *write, *arguments)

    assert outcome.exit_code == 3
    assert words in outcome.stderr
    with closing(sqlite3.connect(guarded.folder / "book.db")) as connection:
        assert connection.execute("SELECT count(*) FROM credit_transactions").fetchone() == (3,)


@pytest.mark.parametrize("write", LIVE_WRITES, ids=lambda write: write[0])
def test_a_live_ledger_takes_what_was_confirmed(guarded: Cli, write: list[str]) -> None:
    assert guarded("ledger", *write, "--mode", "live", "--confirm", "acct_1").exit_code == 0
    with closing(sqlite3.connect(guarded.folder / "book.db")) as connection:
        assert connection.execute("SELECT count(*) FROM credit_transactions").fetchone() == (4,)


def test_reading_and_dismissing_are_not_guarded(guarded: Cli) -> None:
    assert guarded("ledger", "history").exit_code == 0
    assert guarded("ledger", "import", "app.csv", "--dry-run").exit_code == 0
    assert guarded("ledger", "resolve", "1", "--dismiss", "--reason", "refunded by hand").exit_code == 0


def test_a_confirmation_that_names_another_account_is_refused_in_test_mode_too(book: Cli) -> None:
    arguments = ["--user", "user1", "--credits", "1", "--reason", "gift", "--confirm", "acct_2"]

    assert book("ledger", "adjust", *arguments).exit_code == 3
