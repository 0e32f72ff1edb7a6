"""What stands before entries that a person posts by adjust, resolve and import: the live guard, and the question."""

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
        (["--mode", "live", "--confirm", "acct_1"], "the same command with --yes posts it"),
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
    assert guarded("ledger", *write, "--mode", "live", "--confirm", "acct_1", "--yes").exit_code == 0
    with closing(sqlite3.connect(guarded.folder / "book.db")) as connection:
        assert connection.execute("SELECT count(*) FROM credit_transactions").fetchone() == (4,)


def test_reading_and_dismissing_are_not_guarded(guarded: Cli) -> None:
    assert guarded("ledger", "history").exit_code == 0
    assert guarded("ledger", "import", "app.csv", "--dry-run").exit_code == 0
    assert guarded("ledger", "resolve", "1", "--dismiss", "--reason", "refunded by hand").exit_code == 0


def test_a_confirmation_that_names_another_account_is_refused_in_test_mode_too(book: Cli) -> None:
    arguments = ["--user", "user1", "--credits", "1", "--reason", "gift", "--confirm", "acct_2"]

    assert book("ledger", "adjust", *arguments).exit_code == 3


@pytest.fixture
def asking(book: Cli) -> Cli:
    """A ledger of test mode with the same finding and the same file."""
    add_finding(book.folder / "book.db", PROPOSAL)
    (book.folder / "app.csv").write_text(
        "created,user_id,kind,credits,amount,currency,payment_key,livemode\n1790000000,u1,usage,-5,0,,,false\n"
    )
    return book


SIZES = [
    (LIVE_WRITES[0], ["+10 credits for user user1", "user1 has 1,000 and will have 1,010"]),
    (LIVE_WRITES[1], ["+1,000 credits for user user9, $9.00, payment pi_9"]),
    (LIVE_WRITES[2], ["1 new row of app: 1 row of kind usage (-5 credits); no money", "-5 credits for user u1"]),
]
"""What each write says of its size before it is posted."""


def entries(cli: Cli) -> int:
    with closing(sqlite3.connect(cli.folder / "book.db")) as connection:
        (count,) = connection.execute("SELECT count(*) FROM credit_transactions").fetchone()
    return int(count)


@pytest.mark.parametrize(("write", "words"), SIZES, ids=lambda write: write[0])
def test_where_nobody_can_be_asked_nothing_is_posted_without_yes(
    asking: Cli, write: list[str], words: list[str]
) -> None:
    refused = asking("ledger", *write)
    document = asking("ledger", *write, "--json")

    assert (refused.exit_code, document.exit_code, entries(asking)) == (3, 3, 3)
    assert "the same command with --yes posts it" in refused.stderr
    assert document.document["error"]["code"] == "guard.yes"
    assert "--yes" in document.document["error"]["fix"]
    assert all(word in document.document["error"]["message"] for word in words)


@pytest.mark.parametrize(("write", "words"), SIZES, ids=lambda write: write[0])
@pytest.mark.parametrize(("answer", "code", "posted"), [("y\n", 0, 4), ("n\n", 3, 3), ("", 3, 3)])
def test_at_a_terminal_the_size_is_shown_before_the_question(
    asking: Cli, write: list[str], words: list[str], answer: str, code: int, posted: int
) -> None:
    outcome = asking.answered(answer, "ledger", *write)

    assert (outcome.exit_code, entries(asking)) == (code, posted)
    asked = outcome.stderr.index("Post this? [y/N]")
    assert all(-1 < outcome.stderr.find(word) < asked for word in words)


@pytest.mark.parametrize(("write", "words"), SIZES, ids=lambda write: write[0])
def test_with_yes_the_size_is_shown_and_posted_without_a_question(
    asking: Cli, write: list[str], words: list[str]
) -> None:
    outcome = asking("ledger", *write, "--yes", "--json")

    assert (outcome.exit_code, entries(asking)) == (0, 4)
    assert all(word in outcome.stderr for word in words)
    assert "[y/N]" not in outcome.stderr


def test_a_refusal_says_what_would_be_posted_and_how_much_it_leaves_out(book: Cli) -> None:
    rows = "".join(f"179000000{n},u{n},usage,-{n},0,,,false\n" for n in range(1, 6))
    (book.folder / "app.csv").write_text(f"created,user_id,kind,credits,amount,currency,payment_key,livemode\n{rows}")

    message = book("ledger", "import", "app.csv", "--json").document["error"]["message"]

    assert message.startswith("Nothing was posted, because nobody is there to be asked. This posts 5 new rows of app:")
    assert message.endswith("; usage: -1 credits for user u1; usage: -2 credits for user u2; and 3 more lines.")
