"""`creditctl ledger findings`: what is open, what was settled, and its exit code."""

from __future__ import annotations

import json

from tests.support.cli import Cli
from tests.support.ledger_books import PROPOSAL, add_finding


def test_findings_are_listed_until_they_are_settled(book: Cli) -> None:
    add_finding(book.folder / "book.db", PROPOSAL)

    found = book("ledger", "findings", "--json")
    settled = book("ledger", "resolve", "1", "--credit", "--reason", "agreed with the buyer", "--yes", "--json")
    rest = book("ledger", "findings", "--json")
    shown = book("ledger", "findings", "--status", "all")

    assert (found.exit_code, found.document["findings"][0]["code"]) == (1, "fulfilment.amount")
    assert (settled.exit_code, settled.report["balance"]) == (0, 1000)
    assert settled.report["entry"]["note"] == "agreed with the buyer"
    assert (rest.exit_code, rest.report["count"]) == (0, 0)
    assert shown.exit_code == 0
    assert "cs_9 paid [too] little" in shown.stdout
    assert "credited: agreed with the buyer" in shown.stdout


def test_findings_as_json_lines(book: Cli) -> None:
    add_finding(book.folder / "book.db", PROPOSAL)

    outcome = book("ledger", "findings", "--jsonl")

    assert outcome.exit_code == 1
    assert json.loads(outcome.stdout)["proposal"]["credits"] == 1000
