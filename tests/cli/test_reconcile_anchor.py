"""`creditctl reconcile` notes each night's head, and goes no further with a ledger that was changed since the last."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from creditctl.ledger.hashchain.chain import GENESIS
from creditctl.ledger.verification.anchors import Anchor, append_anchor
from tests.support.market import Market

if TYPE_CHECKING:
    from tests.support.cli import Cli

ANCHORS = "anchors.jsonl"


def anchored_counts(cli: Cli) -> list[int]:
    return [json.loads(line)["count"] for line in (cli.folder / ANCHORS).read_text().splitlines()]


@pytest.mark.parametrize("by", ["option", "file"])
def test_each_run_adds_what_the_ledger_holds_at_its_end(cli: Cli, market: Market, by: str) -> None:
    arguments = ("--anchor", ANCHORS) if by == "option" else ()
    if by == "file":
        (cli.folder / "creditctl.toml").write_text(f'[reconcile]\nanchor = "{ANCHORS}"\n')
    market.losing = True
    market.buy()
    market.clock.now += 3600

    planned = cli("reconcile", "--dry-run", "--json", *arguments)
    assert (planned.exit_code, planned.report["anchor"]) == (0, None)
    assert not (cli.folder / ANCHORS).exists()
    assert cli("reconcile", *arguments).exit_code == 1
    repaired = cli("reconcile", "--repair", "--yes", "--json", *arguments)

    assert repaired.exit_code == 0
    assert anchored_counts(cli) == [0, 1]
    assert repaired.report["anchor"]["count"] == 1
    assert cli("ledger", "verify", "--anchor", ANCHORS).exit_code == 0


def test_a_ledger_that_was_cut_is_neither_compared_nor_repaired(cli: Cli, market: Market) -> None:
    market.buy()
    market.deliver()
    market.buy(user="u2")
    market.losing = True
    market.deliver()
    market.clock.now += 3600
    cli("reconcile", "--anchor", ANCHORS)
    with closing(sqlite3.connect(market.ledger.path)) as connection:
        (text,) = connection.execute("SELECT sql FROM sqlite_master WHERE name LIKE '%_no_delete' LIMIT 1").fetchone()
        connection.execute("DROP TRIGGER credit_transactions_no_delete")
        connection.execute("DELETE FROM credit_transactions")
        connection.execute(text)
        connection.commit()

    for arguments in ((), ("--repair", "--yes"), ("--dry-run",)):
        refused = cli("reconcile", "--anchor", ANCHORS, "--json", *arguments)
        assert refused.exit_code == 6
        assert refused.document["error"]["code"] in ("ledger.anchor", "ledger.tampered")
    assert anchored_counts(cli) == [1]


def test_an_anchor_of_another_deployment_is_anothers(cli: Cli, market: Market) -> None:
    other = Anchor(market.ledger.account, False, 0, GENESIS, 1, "eu-prod")
    append_anchor(cli.folder / ANCHORS, other)
    refused = cli("reconcile", "--anchor", ANCHORS, "--json")
    assert (refused.exit_code, refused.document["error"]["code"]) == (3, "anchor.other_ledger")
