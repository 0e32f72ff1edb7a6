"""Forms of an answer: two at once are refused."""

from __future__ import annotations

from tests.support.cli import Cli
from tests.support.ledger_books import book_of


def test_two_forms_at_once_are_refused(offline_cli: Cli) -> None:
    outcome = book_of(offline_cli)("ledger", "history", "--csv", "--json")

    assert outcome.exit_code == 2
    assert outcome.document["error"]["code"] == "usage.form"
