"""`creditctl reconcile --history`: runs with time, duration, window, what was missing, counts and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from creditctl.core.when import iso_time
from tests.support.scripted_stripe import ScriptedStripe, answers

if TYPE_CHECKING:
    from tests.support.cli import Cli
    from tests.support.market import Market


def test_runs_are_listed_newest_first_with_what_came_of_them(cli: Cli, market: Market) -> None:
    cli.environ["LOGNAME"] = "alice"
    market.losing = True
    market.buy()
    market.deliver()
    market.clock.now += 3600
    cli("reconcile")
    market.clock.now += 60
    cli("reconcile", "--repair", "--yes")
    third, second, first = cli("reconcile", "--history", "--json").report["runs"]
    assert first["severities"] == {"critical": 1}
    assert (first["new"], first["repaired"], first["complete"], first["clean"]) == (1, 0, True, False)
    assert first["window"] == {"since": None, "until": None}
    assert first["by"].startswith("alice@")
    assert first["by"].endswith(" (job)")
    assert second["new"] == 0
    assert (third["repaired"], third["clean"]) == (1, True)
    shown = cli("reconcile", "--history")
    assert shown.exit_code == 0
    assert "1 critical" in shown.stdout
    assert "1 repaired" in shown.stdout
    assert shown.stdout.index("1 repaired") < shown.stdout.index("1 critical"), "the newest first"


def test_a_run_that_could_not_go_on_says_what_was_missing(cli: Cli, market: Market) -> None:
    broken = ScriptedStripe(market.emulator)
    broken.on(answers(500), path="/v1/refunds*")
    cli.transport, working = (lambda: broken), cli.transport
    assert cli("reconcile").exit_code == 5
    cli.transport = working
    outcome = cli("reconcile", "--history")
    assert "incomplete" in outcome.stdout
    assert "run 1 missing: " in outcome.stdout


def test_the_history_is_read_without_stripe_and_writes_nothing(cli: Cli, market: Market) -> None:
    cli("reconcile")
    silent = ScriptedStripe(market.emulator)
    silent.on(answers(AssertionError("nothing is asked")))
    cli.transport = lambda: silent
    (run,) = cli("reconcile", "--history", "--json").report["runs"]
    assert run["started"] == iso_time(market.clock.now)
    assert len(cli("reconcile", "--history", "--json").report["runs"]) == 1


def test_a_window_selects_runs(cli: Cli, market: Market) -> None:
    cli("reconcile")
    market.clock.now += 3 * 86_400
    cli("reconcile", "--since", "1d")
    (late,) = cli("reconcile", "--history", "--since", "1d", "--json").report["runs"]
    assert late["window"]["since"] == iso_time(market.clock.now - 86_400)
    assert len(cli("reconcile", "--history", "--json").report["runs"]) == 2


def test_before_the_first_run_it_says_how_to_make_one(cli: Cli, market: Market) -> None:
    assert "`creditctl reconcile`" in cli("reconcile", "--history").stdout


@pytest.mark.parametrize("other", ["--repair", "--full", "--quiet"])
def test_what_compares_nothing_takes_no_option_of_a_comparison(cli: Cli, market: Market, other: str) -> None:
    outcome = (
        cli("reconcile", "--history", other, "--json") if other != "--quiet" else cli("reconcile", "--history", "-q")
    )
    assert outcome.exit_code == 2


def test_neither_history_nor_a_drill_takes_what_it_would_not_act_on(cli: Cli, market: Market) -> None:
    files = [(f"--{name}", f"{name}.out") for name in ("html", "junit", "metrics")]
    notify = ("--notify-command", "true")
    for options in (*files, ("--csv",), ("--jsonl",), notify, ("--drill",)):
        assert cli("reconcile", "--history", *options).exit_code == 2, options
    (cli.folder / "creditctl.toml").write_text('[alert]\ncommand = "true"\n')
    for options in (*files, ("--csv",), ("--offline",), ("--dry-run",), ("--since", "3d")):
        outcome = cli("reconcile", "--drill", *options)
        assert outcome.exit_code == 2, options
        assert "--drill compares nothing" in outcome.stderr
    assert cli("reconcile", "--drill-wait", "1h").exit_code == 2
    for options in (("--metrics", "metrics.out"), notify):
        assert cli("reconcile", "--offline", *options).exit_code == 2, options
    assert not list(cli.folder.glob("*.out"))
