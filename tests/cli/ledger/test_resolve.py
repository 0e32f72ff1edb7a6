"""`creditctl ledger resolve`: a finding credited or dismissed, once, with a reason."""

from __future__ import annotations

import pytest

from creditctl.core.entitlement.decision import Proposal
from tests.support.cli import Cli
from tests.support.clock import NOW
from tests.support.ledger_books import PROPOSAL, add_finding


def test_a_finding_is_dismissed_with_a_reason_and_only_once(book: Cli) -> None:
    add_finding(book.folder / "book.db", None)

    credit = book("ledger", "resolve", "1", "--credit", "--reason", "x")
    dismissed = book("ledger", "resolve", "1", "--dismiss", "--reason", "a test of ours")
    again = book("ledger", "resolve", "1", "--dismiss", "--reason", "a test of ours")

    assert (credit.exit_code, dismissed.exit_code, again.exit_code) == (2, 0, 2)
    assert "proposes no purchase" in credit.stderr
    assert "Finding 1 is dismissed: a test of ours" in dismissed.stdout
    assert "dismissed already" in again.stderr


def test_what_a_finding_leaves_open_is_said_by_the_operator(book: Cli) -> None:
    add_finding(book.folder / "book.db", Proposal("pi_9", "cs_9", None, None, 900, "usd", None, NOW))
    usual = ["ledger", "resolve", "1", "--reason", "seen"]

    missing = book(*usual, "--credit")
    done = book(*usual, "--credit", "--user", "user9", "--credits", "900", "--yes", "--json")

    assert missing.exit_code == 2
    assert "--user and --credits" in missing.stderr
    assert (done.report["entry"]["user_id"], done.report["balance"]) == ("user9", 900)


@pytest.mark.parametrize(
    "arguments", [["--reason", "x"], ["--dismiss", "--reason", "x", "--user", "u"], ["--dismiss"], ["--credit"]]
)
def test_a_settlement_that_is_not_clear_is_refused(book: Cli, arguments: list[str]) -> None:
    add_finding(book.folder / "book.db", PROPOSAL)

    assert book("ledger", "resolve", "1", *arguments).exit_code == 2
