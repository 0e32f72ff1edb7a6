"""Pages of the ledger's lists: fifty rows for people, every row for pipes."""

from __future__ import annotations

import json

from tests.support.cli import Cli
from tests.support.ledger_books import fill


def test_json_lines_are_not_cut_into_pages(offline_cli: Cli) -> None:
    fill(offline_cli.folder / "book.db", 60)

    balances = offline_cli("ledger", "balance", "--jsonl", "--ledger", "book.db").stdout.splitlines()
    entries = offline_cli("ledger", "history", "--jsonl", "--ledger", "book.db").stdout.splitlines()
    few = offline_cli("ledger", "history", "--jsonl", "--limit", "7", "--ledger", "book.db").stdout.splitlines()
    page = offline_cli("ledger", "history", "--ledger", "book.db")

    assert (len(balances), len(entries), len(few)) == (60, 60, 7)
    assert json.loads(entries[59])["payment_key"] == "pi_60"
    assert "--after-id 50" in page.stdout
