"""Which ledger a command opens without asking Stripe, and which it refuses."""

from __future__ import annotations

import pytest

from tests.support.cli import Cli
from tests.support.keys import LIVE_KEY
from tests.support.ledger_books import book_of, fill


@pytest.fixture
def book(offline_cli: Cli) -> Cli:
    return book_of(offline_cli)


@pytest.fixture
def live_book(offline_cli: Cli) -> Cli:
    return book_of(offline_cli, livemode=True)


def test_without_a_key_or_a_name_no_ledger_is_guessed(offline_cli: Cli) -> None:
    fill(offline_cli.folder / "creditctl-test.db")

    outcome = offline_cli("ledger", "balance")

    assert outcome.exit_code == 3
    assert "--ledger FILE or CREDITCTL_LEDGER" in outcome.stderr


def test_a_missing_ledger_is_6_and_is_not_made(offline_cli: Cli) -> None:
    outcome = offline_cli("ledger", "balance", "--ledger", "gone.db")

    assert outcome.exit_code == 6
    assert "creditctl ledger init" in outcome.stderr
    assert not (offline_cli.folder / "gone.db").exists()


def test_a_key_of_the_other_mode_is_refused(book: Cli) -> None:
    book.environ["STRIPE_SECRET_KEY"] = LIVE_KEY

    outcome = book("ledger", "balance")

    assert outcome.exit_code == 3
    assert "belongs to test mode" in outcome.stderr


def test_another_pinned_account_is_refused(book: Cli) -> None:
    book.environ["STRIPE_ACCOUNT_ID"] = "acct_2"

    assert book("ledger", "balance").exit_code == 3


def test_an_expected_mode_is_compared_with_the_ledger_where_there_is_no_key(live_book: Cli) -> None:
    assert live_book("ledger", "balance", "--mode", "test").exit_code == 3
    assert live_book("ledger", "balance", "--mode", "live", "--json").document["mode"] == "live"
