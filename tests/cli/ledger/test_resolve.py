"""`creditctl ledger resolve`: a finding credited or dismissed, once, with a reason."""

from __future__ import annotations

import pytest

from creditctl.core.entitlement.decision import Proposal
from creditctl.core.findings import Stake
from creditctl.ledger.models import Sighting
from creditctl.ledger.sightings import keep_sightings
from creditctl.ledger.store import Ledger
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


def test_all_that_is_over_is_dismissed_at_once_and_nothing_else(book: Cli) -> None:
    """One that a webhook opened again, for more is at stake since, is true, though no run has seen it again."""
    path = book.folder / "book.db"
    numbers = [add_finding(path, None, subject) for subject in ("pi_1", "pi_2", "pi_3")]
    numbers.append(add_finding(path, None, "pi_4", Stake(credits=500)))
    ledger = Ledger.open(book.folder / "book.db", account=None, livemode=None, clock=lambda: NOW)
    with ledger, ledger.transaction() as tx:
        seen = [Sighting(each.finding, each.payment_key, 0, 0, None, NOW) for each in tx.findings()]
        keep_sightings(tx, seen, ())
        keep_sightings(tx, (), [each.identity for each in seen if each.finding.subject != "pi_3"])

    done = book("ledger", "resolve", "--over", "--dismiss", "--reason", "rows are back", "--json")
    again = book("ledger", "resolve", "--over", "--dismiss", "--reason", "rows are back")

    assert [each["id"] for each in done.report["findings"]] == numbers[:2]
    assert {each["status"] for each in done.report["findings"]} == {"dismissed"}
    assert (again.exit_code, "0 findings dismissed" in again.stdout) == (0, True)
    left = book("ledger", "findings", "--json").report
    assert [each["id"] for each in left["findings"]] == numbers[2:]


def test_several_are_dismissed_together_or_not_at_all(book: Cli) -> None:
    for subject in ("pi_1", "pi_2", "pi_3"):
        add_finding(book.folder / "book.db", None, subject)

    unknown = book("ledger", "resolve", "1", "2", "9", "--dismiss", "--reason", "x")
    done = book("ledger", "resolve", "1", "2", "2", "--dismiss", "--reason", "both seen")

    assert (unknown.exit_code, done.exit_code) == (2, 0)
    assert "There is no finding 9" in unknown.stderr
    assert "2 findings dismissed (1, 2): both seen" in done.stdout
    assert book("ledger", "findings", "--json").report["open"] == 1


@pytest.mark.parametrize(
    "arguments",
    [["--dismiss"], ["--over"], ["1", "--over", "--dismiss"], ["1", "2", "--credit"], ["--over", "--credit"]],
)
def test_which_finding_is_meant_has_to_be_clear(book: Cli, arguments: list[str]) -> None:
    for subject in ("pi_1", "pi_2"):
        add_finding(book.folder / "book.db", PROPOSAL, subject)

    refused = book("ledger", "resolve", *arguments, "--reason", "x", "--yes")

    assert (refused.exit_code, book("ledger", "findings", "--json").report["open"]) == (2, 2)


@pytest.mark.parametrize(
    "arguments", [["--reason", "x"], ["--dismiss", "--reason", "x", "--user", "u"], ["--dismiss"], ["--credit"]]
)
def test_a_settlement_that_is_not_clear_is_refused(book: Cli, arguments: list[str]) -> None:
    add_finding(book.folder / "book.db", PROPOSAL)

    assert book("ledger", "resolve", "1", *arguments).exit_code == 2
