"""What a run says to cron: nothing when all is well, else one line; exit codes, JSON lines and CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from creditctl.reconciliation.lock import only_one
from tests.support.scripted_stripe import ScriptedStripe, answers

if TYPE_CHECKING:
    from tests.support.cli import Cli
    from tests.support.market import Market


@pytest.fixture
def losing(market: Market) -> Market:
    """One purchase whose webhook was lost an hour ago."""
    market.losing = True
    market.buy()
    market.deliver()
    market.clock.now += 3600
    return market


def test_quiet_says_nothing_when_all_is_well(cli: Cli, market: Market) -> None:
    market.buy()
    market.deliver()
    market.clock.now += 3600
    outcome = cli("reconcile", "--quiet", "--anchor", "anchors.jsonl")
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (0, "", "")


def test_quiet_is_one_line_with_what_is_new_and_at_stake(cli: Cli, losing: Market) -> None:
    outcome = cli("reconcile", "--quiet")
    assert outcome.exit_code == 1
    assert outcome.stdout == (
        "creditctl reconcile (emulator): 1 finding, 1 new; 1 critical; 1,000 credits, $10.00 at stake."
        " Next: `creditctl reconcile`\n"
    )
    assert "1 finding, 0 new" in cli("reconcile", "--quiet").stdout


def test_quiet_says_what_a_dry_run_found_though_its_code_is_zero(cli: Cli, losing: Market) -> None:
    outcome = cli("reconcile", "--quiet", "--dry-run")
    assert outcome.exit_code == 0
    assert "1 finding" in outcome.stdout


def test_quiet_says_that_credits_were_posted(cli: Cli, losing: Market) -> None:
    outcome = cli("reconcile", "--quiet", "--repair", "--yes")
    assert "Plan:" not in outcome.stderr, "one line, whatever is repaired"
    assert outcome.exit_code == 0
    assert "1 payment repaired" in outcome.stdout
    assert outcome.stdout.count("\n") == 1


@pytest.mark.parametrize("path", ["/v1/account", "/v1/refunds*"])
def test_quiet_makes_one_line_of_an_error(cli: Cli, losing: Market, path: str) -> None:
    broken = ScriptedStripe(losing.emulator)
    broken.on(answers(500), path=path)
    cli.transport = lambda: broken
    outcome = cli("reconcile", "--quiet")
    assert outcome.exit_code == 5
    assert (outcome.stdout, outcome.stderr.count("\n")) == ("", 1)


def test_a_second_run_is_refused_in_one_line(cli: Cli, losing: Market) -> None:
    with only_one(losing.ledger.path):
        outcome = cli("reconcile", "--quiet")
    assert outcome.exit_code == 3
    assert "Another reconciliation is going on already" in outcome.stderr


def test_a_known_finding_is_told_from_a_new_one(cli: Cli, losing: Market) -> None:
    assert "(new)" in cli("reconcile").stdout
    losing.clock.now += 2 * 86_400
    known = cli("reconcile")
    assert "(new)" not in known.stdout
    assert ", 2d)" in known.stdout
    (finding,) = cli("reconcile", "--json").document["findings"]
    assert (finding["new"], finding["age_seconds"]) == (False, 2 * 86_400)
    assert finding["at_stake"] == {"credits": 1000, "amount": 1000, "currency": "usd"}


@pytest.mark.parametrize(
    ("severity", "code"), [("critical", 1), ("medium", 1), ("info", 1)], ids=lambda value: str(value)
)
def test_a_critical_finding_reaches_every_threshold(cli: Cli, losing: Market, severity: str, code: int) -> None:
    assert cli("reconcile", "--fail-on", severity).exit_code == code


def test_a_threshold_above_what_was_found_is_exit_0(cli: Cli, market: Market) -> None:
    market.losing = True
    paid = market.buy()
    market.client.v1.refunds.create(params={"payment_intent": str(paid.payment_intent)})
    market.deliver()
    market.clock.now += 3600
    (finding,) = cli("reconcile", "--json").document["findings"]
    assert finding["severity"] == "low", "nothing is due to anybody"
    assert cli("reconcile").exit_code == 0, "low findings never make exit 1 by themselves"
    assert cli("reconcile", "--fail-on", "low").exit_code == 1


def test_what_is_only_on_its_way_fails_where_that_was_asked_for(cli: Cli, market: Market) -> None:
    market.losing = True
    market.buy()
    market.clock.now += 60
    assert cli("reconcile").exit_code == 0
    assert cli("reconcile", "--fail-on", "info").exit_code == 1


def test_json_lines_are_one_finding_each(cli: Cli, losing: Market) -> None:
    losing.buy(user="u2")
    losing.clock.now += 3600
    outcome = cli("reconcile", "--jsonl")
    lines = [json.loads(line) for line in outcome.stdout.splitlines()]
    assert outcome.exit_code == 1
    assert [line["code"] for line in lines] == ["reconcile.missing_credit"] * 2


def test_csv_has_a_header_and_no_formula(cli: Cli, market: Market) -> None:
    market.losing = True
    market.buy(user="=HYPERLINK(1)")
    market.deliver()
    market.clock.now += 3600
    outcome = cli("reconcile", "--csv")
    (row,) = csv.DictReader(io.StringIO(outcome.stdout))
    assert (row["code"], row["credits"], row["amount"], row["new"]) == ("reconcile.missing_credit", "1000", "1000", "1")
    assert not any(cell.startswith(("=", "+", "@")) for cell in row.values())


@pytest.mark.parametrize("two", [("--json", "--csv"), ("--jsonl", "--csv"), ("--quiet", "--json")])
def test_two_forms_of_one_answer_are_refused(cli: Cli, market: Market, two: tuple[str, str]) -> None:
    assert cli("reconcile", *two).exit_code == 2
