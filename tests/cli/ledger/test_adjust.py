"""`creditctl ledger adjust`: an entry by hand, its key, its plan, and what is refused."""

from __future__ import annotations

import pytest

from creditctl.core.entitlement.settlement import EntryKind
from tests.support.cli import Cli


def test_an_adjustment_is_an_entry_with_its_reason(book: Cli) -> None:
    outcome = book(
        "ledger", "adjust", "--yes", "--user", "user1", "--credits", "-250", "--reason", "sent twice", "--json"
    )

    assert outcome.exit_code == 0
    assert (outcome.report["outcome"], outcome.report["balance"]) == ("posted", 750)
    entry = outcome.report["entry"]
    assert (entry["kind"], entry["credits"], entry["note"]) == (EntryKind.ADJUSTMENT, -250, "sent twice")
    assert entry["idempotency_key"] == f"adjustment:{outcome.report['key']}"
    assert "sent twice" in book("ledger", "history", "--kind", "adjustment").stdout


def test_the_same_key_adjusts_once_and_never_something_else(book: Cli) -> None:
    usual = ["ledger", "adjust", "--yes", "--user", "user1", "--reason", "gift", "--key", "ticket-7"]
    first = book(*usual, "--credits", "100")
    again = book(*usual, "--credits", "100")
    other = book(*usual, "--credits", "999", "--json")

    assert (first.exit_code, again.exit_code, other.exit_code) == (0, 0, 1)
    assert "ticket-7" in first.stdout
    assert "nothing was written" in again.stdout
    assert other.document["findings"][0]["code"] == "ledger.key_conflict"
    assert book("ledger", "balance", "user1", "--json").report["credits"] == 1100


def test_without_a_key_each_adjustment_has_its_own(book: Cli) -> None:
    for _ in range(2):
        book("ledger", "adjust", "--yes", "--user", "user1", "--credits", "10", "--reason", "gift")

    assert book("ledger", "balance", "user1", "--json").report["credits"] == 1020


def test_a_dry_run_posts_nothing(book: Cli) -> None:
    outcome = book("ledger", "adjust", "--user", "user1", "--credits", "10", "--reason", "gift", "--dry-run", "--json")

    assert outcome.exit_code == 0
    assert outcome.report["plan"]["balance_after"] == 1010
    assert book("ledger", "balance", "user1", "--json").report["credits"] == 1000


def test_slips_of_the_keyboard_are_pointed_out(book: Cli) -> None:
    outcome = book("ledger", "adjust", "--user", "usr1", "--credits", "-10", "--reason", "gift", "--yes")

    assert "usr1 has no entry yet" in outcome.stderr
    assert "fewer than no credits: -10" in outcome.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--credits", "10"],
        ["--credits", "10", "--reason", "  "],
        ["--credits", "0", "--reason", "gift"],
        ["--credits", "1.5", "--reason", "gift"],
        ["--credits", "10", "--reason", "gift", "--corrects", "99"],
    ],
)
def test_an_adjustment_that_makes_no_sense_is_refused(book: Cli, arguments: list[str]) -> None:
    assert book("ledger", "adjust", "--user", "user1", *arguments).exit_code == 2
    assert book("ledger", "balance", "user1", "--json").report["credits"] == 1000


@pytest.mark.parametrize(
    ("payment", "reason"),
    [
        ("in_1", "an invoice"),
        ("txn_1", "a balance transaction"),
        ("order-17", "no id of a payment"),
        ("ch_1", "a charge, of which the ledger has no entry"),
    ],
)
def test_what_names_no_payment_is_refused_with_the_reason(book: Cli, payment: str, reason: str) -> None:
    usual = ("ledger", "adjust", "--user", "user1", "--credits", "10", "--reason", "gift", "--json")
    outcome = book(*usual, "--payment", payment)

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (2, "id.no_payment")
    assert reason in outcome.document["error"]["message"]
    assert book("ledger", "balance", "user1", "--json").report["credits"] == 1000


@pytest.mark.parametrize("option", ["--payment", "--reason", "--key"])
def test_a_client_secret_is_neither_kept_nor_shown(book: Cli, option: str) -> None:
    secret = "pi_1A_secret_B2C3D4E5F6"
    chosen = {"--reason": "gift", option: secret}
    options = [text for pair in chosen.items() for text in pair]
    outcome = book("ledger", "adjust", "--user", "user1", "--credits", "10", *options, "--json")

    assert outcome.exit_code == 2
    assert secret not in outcome.stdout + outcome.stderr
    assert secret.encode() not in (book.folder / "book.db").read_bytes()
