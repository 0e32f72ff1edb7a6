"""`creditctl ledger init`: the owner asked of Stripe or said, and no ledger overwritten."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.cli import Cli


def test_init_reads_the_owner_from_stripe(cli: Cli) -> None:
    outcome = cli("ledger", "init", "--json")

    assert outcome.exit_code == 0
    assert outcome.report["account"].startswith("acct_")
    assert outcome.report["livemode"] is False
    assert outcome.report["ledger"] == str(cli.folder / "creditctl-emulator.db")
    assert Path(outcome.report["ledger"]).exists()


def test_init_takes_the_owners_word_without_a_network(offline_cli: Cli) -> None:
    outcome = offline_cli("ledger", "init", "--account", "acct_7", "--livemode")

    assert outcome.exit_code == 0
    assert "acct_7, live mode" in outcome.stdout
    with closing(sqlite3.connect(offline_cli.folder / "creditctl.db")) as connection:
        meta = dict(connection.execute("SELECT key, value FROM ledger_meta"))
    assert meta["account"] == "acct_7"
    assert meta["livemode"] == "1"


def test_init_leaves_a_ledger_that_exists_alone(book: Cli) -> None:
    outcome = book("ledger", "init", "--account", "acct_2", "--test")

    assert outcome.exit_code == 3
    assert "acct_1, test mode, 3 entries. It was left as it is." in outcome.stderr


def test_init_without_a_key_says_both_ways(offline_cli: Cli) -> None:
    outcome = offline_cli("ledger", "init")

    assert outcome.exit_code == 3
    assert "--account acct_… --test" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--account", "acct_1"], 2),
        (["--test"], 2),
        (["--account", "someone", "--test"], 2),
        (["--account", "acct_1", "--livemode"], 3),
        (["--account", "acct_2", "--test"], 3),
        (["--account", "acct_1", "--test", "--mode", "live"], 3),
    ],
)
def test_init_refuses_an_owner_that_contradicts(offline_cli: Cli, arguments: list[str], code: int) -> None:
    offline_cli.environ |= {"STRIPE_SECRET_KEY": "sk_test_" + "example0", "STRIPE_ACCOUNT_ID": "acct_1"}

    assert offline_cli("ledger", "init", *arguments).exit_code == code
    assert not list(offline_cli.folder.glob("*.db"))


def test_init_begins_the_ledger_of_a_deployment(cli: Cli) -> None:
    report = cli("ledger", "init", "--deployment", "eu", "--json").report

    assert (report["deployment"], report["named_since"]) == ("eu", None)


def test_init_names_a_ledger_that_exists_and_twice_changes_nothing(cli: Cli) -> None:
    assert cli("ledger", "init").exit_code == 0
    assert cli("ledger", "balance", "--deployment", "eu").exit_code == 3

    named = cli("ledger", "init", "--deployment", "eu", "--since", "2026-11-01")
    again = cli("ledger", "init", "--deployment", "eu", "--since", "2026-11-01", "--json")

    assert (named.exit_code, again.exit_code) == (0, 0)
    assert 'write `deployment = "eu"` into creditctl.toml' in named.stdout
    assert (again.report["deployment"], again.report["named_since"]) == ("eu", 1_793_491_200)
    assert cli("ledger", "balance", "--deployment", "eu").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "name"),
    [
        (["--since", "2026-11-01"], 2, "ledger.no_name"),
        (["--deployment", "eu"], 3, "ledger.exists"),
        (["--deployment", "EU", "--since", "2026-11-01"], 2, "usage.project_value"),
        (["--deployment", "eu", "--since", "2026-13-01"], 2, "usage.when"),
    ],
)
def test_init_names_nothing_by_halves(cli: Cli, arguments: list[str], code: int, name: str) -> None:
    cli("ledger", "init")
    outcome = cli("ledger", "init", *arguments, "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (code, name)
