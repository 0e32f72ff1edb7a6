"""`creditctl ledger balance`: one user, and all users page by page."""

from __future__ import annotations

import shlex

from tests.support.cli import Cli


def test_balance_of_one_user(book: Cli) -> None:
    assert "user2: 1,000 credits" in book("ledger", "balance", "user2").stdout
    assert book("ledger", "balance", "user2", "--json").report == {"user_id": "user2", "credits": 1000, "known": True}
    unknown = book("ledger", "balance", "nobody")
    assert "nobody: 0 credits" in unknown.stdout
    assert "No entry names this user" in unknown.stdout


def test_balances_come_page_by_page(book: Cli) -> None:
    first = book("ledger", "balance", "--limit", "2", "--json").report
    rest = book("ledger", "balance", "--after", first["next_after"], "--json").report

    assert [each["user_id"] for each in first["balances"]] == ["user1", "user2"]
    assert rest == {"balances": [{"user_id": "user3", "credits": 1000, "entries": 1}], "next_after": None}
    assert "--after user2" in book("ledger", "balance", "--limit", "2").stdout


def test_a_printed_command_names_a_user_as_a_shell_takes_it(book: Cli) -> None:
    user = "x;y 'z'"
    posted = book("ledger", "adjust", "--user", user, "--credits", "5", "--reason", "gift", "--key", "k", "--yes")
    told = (posted.stdout, book("ledger", "balance", user).stdout)

    for text in told:
        command = text.rsplit("Next: `", 1)[1].split("`")[0]
        assert shlex.split(command) == ["creditctl", "ledger", "history", "--user", user]
