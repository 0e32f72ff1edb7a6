"""The ledger for people: nothing steers the terminal, nothing is cut, and the last line says what to run next."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from creditctl.ledger.store import Ledger
from tests.conftest import Cli, Outcome
from tests.support.ledger_books import START, book_of
from tests.support.ledger_calls import write


@pytest.fixture
def book(offline_cli: Cli) -> Cli:
    return book_of(offline_cli)


def test_what_users_are_called_cannot_steer_the_terminal(offline_cli: Cli) -> None:
    with Ledger.open(offline_cli.folder / "book.db", account="acct_1", livemode=False, clock=lambda: START) as ledger:
        write(ledger).adjust(user_id="[bold]\x1b[2J", credits=5, reason="[red]why\x07", key="k")

    for arguments in (["balance"], ["history"]):
        shown = offline_cli("ledger", *arguments, "--ledger", "book.db").stdout
        assert "[bold]\\x1b[2J" in shown
        assert "\x1b" not in shown
        assert "\x07" not in shown


OPERATIONS: list[Callable[[Cli], Outcome]] = [
    lambda book: book("ledger", "balance"),
    lambda book: book("ledger", "history"),
    lambda book: book("ledger", "verify"),
    lambda book: book("ledger", "findings"),
    lambda book: book("ledger", "balance", "user1"),
]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_people_read_ends_with_what_to_run_next(book: Cli, operation: Callable[[Cli], Outcome]) -> None:
    assert "Next: " in operation(book).stdout.splitlines()[-1]
