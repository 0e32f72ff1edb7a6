"""Metrics and alerts of a run that went well, that found something, that failed, and whose receiver is none."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from creditctl.ledger.sightings import open_sightings
from creditctl.reconciliation.alerts.outbox import PAUSE_SECONDS, alert_records
from creditctl.reconciliation.lock import only_one
from tests.support.scripted_stripe import ScriptedStripe, answers

if TYPE_CHECKING:
    from tests.support.cli import Cli
    from tests.support.market import Market

HOUR = 3600


def samples(path: Path) -> dict[str, float]:
    """The metrics of a file by name and own labels, read by Prometheus' own parser."""
    found = {}
    for family in text_string_to_metric_families(path.read_text()):
        assert (family.type, bool(family.documentation)) == ("gauge", True)
        for sample in family.samples:
            own = [value for key, value in sample.labels.items() if key not in ("account", "deployment", "mode")]
            found[" ".join((sample.name.removeprefix("creditctl_reconcile_"), *own))] = sample.value
    return found


@pytest.fixture
def inbox(cli: Cli) -> Inbox:
    return Inbox(cli.folder / "inbox.jsonl")


class Inbox:
    """A receiver of alerts: a command that keeps what it is handed, or fails while `refusing` is there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.refusing = path.with_name("refusing")
        code = (
            "import pathlib, sys; body = sys.stdin.read(); "
            f"sys.exit(7) if pathlib.Path({str(self.refusing)!r}).exists() else "
            f"open({str(path)!r}, 'a').write(body)"
        )
        self.command = shlex.join((sys.executable, "-c", code))

    @property
    def kinds(self) -> list[str]:
        return [each["kind"] for each in self.alerts]

    @property
    def alerts(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()] if self.path.exists() else []


def lose(market: Market, user: str = "u1") -> str:
    """A purchase whose webhook was lost an hour ago."""
    market.losing = True
    paid = market.buy(user=user)
    market.deliver()
    market.clock.now += HOUR
    return str(paid.payment_intent)


def unreachable(cli: Cli, market: Market, path: str) -> None:
    broken = ScriptedStripe(market.emulator)
    broken.on(answers(500), path=path)
    cli.transport = lambda: broken


def test_metrics_say_when_it_last_ran_and_what_is_open(cli: Cli, market: Market) -> None:
    lose(market)
    assert cli("reconcile", "--metrics", "creditctl.prom").exit_code == 1
    path = cli.folder / "creditctl.prom"
    assert samples(path) == {
        "last_complete_run_timestamp_seconds": market.clock.now,
        "last_run_timestamp_seconds": market.clock.now,
        "last_run_duration_seconds": 0,
        "last_run_complete": 1,
        "open_findings reconcile.missing_credit critical": 1,
        "open_findings_count": 1,
        "credits_at_stake": 1000,
        "money_at_stake_minor_units usd": 1000,
    }
    assert path.stat().st_mode & 0o777 == 0o644, "node_exporter is another user"


def test_metrics_are_of_the_last_run_whatever_its_clock_said(cli: Cli, market: Market) -> None:
    """A clock that ran ahead for one run hides neither silence nor a failure from then on."""
    year, path = 365 * 24 * HOUR, cli.folder / "creditctl.prom"
    market.clock.now += year
    cli("reconcile", "--metrics", path.name)
    market.clock.now -= year
    stripe = cli.transport
    unreachable(cli, market, "/v1/account")
    assert cli("reconcile", "--metrics", path.name).exit_code == 5
    assert samples(path)["last_run_complete"] == 0
    cli.transport = stripe
    cli("reconcile", "--metrics", path.name)
    assert samples(path)["last_complete_run_timestamp_seconds"] == market.clock.now


def test_metrics_of_a_failed_run_keep_the_time_of_the_last_complete_one(cli: Cli, market: Market) -> None:
    lose(market)
    cli("reconcile")
    complete = market.clock.now
    market.clock.now += HOUR
    unreachable(cli, market, "/v1/refunds*")
    assert cli("reconcile", "--metrics", "creditctl.prom").exit_code == 5
    found = samples(cli.folder / "creditctl.prom")
    assert found["last_complete_run_timestamp_seconds"] == complete
    assert found["last_run_timestamp_seconds"] > complete
    assert found["last_run_complete"] == 0
    assert found["open_findings reconcile.run_failed critical"] == 1
    assert found["open_findings reconcile.missing_credit critical"] == 1, "it is still open, as far as anybody knows"


@pytest.mark.parametrize("path", ["/v1/account", "/v1/checkout/sessions*"])
def test_a_run_that_cannot_even_begin_is_kept_and_told(cli: Cli, market: Market, inbox: Inbox, path: str) -> None:
    unreachable(cli, market, path)
    outcome = cli("reconcile", "--quiet", "--notify-command", inbox.command, "--metrics", "creditctl.prom")
    assert outcome.exit_code == 5
    (alert,) = inbox.alerts
    assert [finding["code"] for finding in alert["findings"]] == ["reconcile.run_failed"]
    assert samples(cli.folder / "creditctl.prom")["last_complete_run_timestamp_seconds"] == 0
    (run,) = cli("reconcile", "--history", "--json").report["runs"]
    assert run["missing"]


def test_a_ledger_that_was_changed_since_its_anchor_is_told(cli: Cli, market: Market, inbox: Inbox) -> None:
    market.buy()
    market.deliver()
    market.clock.now += HOUR
    notify = ("reconcile", "--quiet", "--anchor", "anchors.jsonl", "--notify-command", inbox.command)
    assert cli(*notify).exit_code == 0
    path = cli.folder / "anchors.jsonl"
    body = json.loads(path.read_text())
    path.write_text(json.dumps({**body, "count": body["count"] + 1}) + "\n")
    market.clock.now += HOUR
    assert cli(*notify).exit_code == 6
    (alert,) = inbox.alerts
    assert [finding["code"] for finding in alert["findings"]] == ["reconcile.run_failed"]


def test_a_place_where_no_file_can_be_is_refused_before_anything_runs(cli: Cli, market: Market) -> None:
    outcome = cli("reconcile", "--quiet", "--metrics", "nowhere/creditctl.prom")
    assert outcome.exit_code == 3
    assert outcome.stderr.startswith("Error: Cannot write nowhere/creditctl.prom: no such file or directory.")
    assert outcome.stderr.count("\n") == 1
    assert cli("reconcile", "--history", "--json").report["runs"] == []


def test_an_alert_is_sent_for_what_is_new_and_once_for_all_clear(cli: Cli, market: Market, inbox: Inbox) -> None:
    lost = lose(market)
    notify = ("reconcile", "--notify-command", inbox.command)
    outcome = cli(*notify)
    (alert,) = inbox.alerts
    assert alert["text"].startswith("[EMULATOR MODE] creditctl: 1 new finding on acct_")
    assert "1,000 credits, $10.00 at stake" in alert["text"]
    assert (alert["kind"], alert["test"], alert["new"], alert["open"]) == ("new", True, 1, 1)
    assert alert["findings"][0]["subject"] == lost
    assert "Warning" not in outcome.stderr
    market.clock.now += HOUR
    cli(*notify)
    assert inbox.kinds == ["new"], "what is known is not told again"
    second = lose(market, "u2")
    cli(*notify)
    assert [finding["subject"] for finding in inbox.alerts[1]["findings"]] == [second]
    assert inbox.alerts[1]["open"] == 2
    market.clock.now += HOUR
    cli(*notify, "--repair", "--yes")
    market.clock.now += HOUR
    cli(*notify)
    assert inbox.kinds == ["new", "new", "clear"]
    assert "All clear" in inbox.alerts[2]["text"]


def test_a_healthy_shop_is_told_nothing(cli: Cli, market: Market, inbox: Inbox) -> None:
    market.buy()
    market.deliver()
    market.clock.now += HOUR
    for _ in range(3):
        assert cli("reconcile", "--notify-command", inbox.command, "--quiet").stderr == ""
    assert inbox.alerts == []


def test_alerts_are_throttled_and_nothing_is_lost_by_it(cli: Cli, market: Market, inbox: Inbox) -> None:
    notify = ("reconcile", "--notify-command", inbox.command, "--grace-seconds", "0")
    lose(market)
    cli(*notify)
    market.buy(user="u2")
    market.clock.now += 60
    cli(*notify)
    assert inbox.kinds == ["new"]
    market.clock.now += PAUSE_SECONDS
    cli(*notify)
    assert inbox.kinds == ["new", "new"]


def test_a_receiver_that_refuses_is_one_warning_and_is_tried_again(cli: Cli, market: Market, inbox: Inbox) -> None:
    lose(market)
    inbox.refusing.touch()
    notify = ("reconcile", "--quiet", "--notify-command", inbox.command)
    outcome = cli(*notify)
    assert outcome.exit_code == 1, "the code of the findings"
    assert outcome.stderr.count("\n") == 1
    assert "the command ended with 7" in outcome.stderr
    for _ in range(8):
        market.clock.now += HOUR
        cli(*notify)
    inbox.refusing.unlink()
    market.clock.now += HOUR
    cli(*notify)
    assert inbox.kinds == ["new"]


def test_what_was_written_but_perhaps_not_sent_is_sent_again_and_not_for_ever(
    cli: Cli, market: Market, inbox: Inbox
) -> None:
    """Each process is killed between its claim and its end, as far as the ledger can see."""
    lose(market)
    for _ in range(12):
        cli("reconcile", "--notify-command", inbox.command)
        with market.ledger.transaction() as tx:
            tx.connection.execute("UPDATE alerts SET outcome = 'sending'")
            tx.connection.execute("UPDATE sightings SET told = NULL, tries = max(tries, (SELECT count(*) FROM alerts))")
        market.clock.now += 2 * 86_400
    assert inbox.kinds == ["new"] * 5
    assert "no receiver ever confirmed" in cli("reconcile", "--notify-command", inbox.command).stderr


def test_a_project_file_names_the_receiver(cli: Cli, market: Market, inbox: Inbox) -> None:
    lose(market)
    (cli.folder / "creditctl.toml").write_text(f"[alert]\ncommand = {json.dumps(inbox.command)}\n")
    cli("reconcile")
    assert inbox.kinds == ["new"]


@pytest.mark.parametrize("value", [None, "hooks.slack.com/services/x", "file:///etc/passwd"])
def test_a_variable_without_a_url_is_a_warning_that_does_not_show_it(
    cli: Cli, market: Market, value: str | None
) -> None:
    lose(market)
    if value is not None:
        cli.environ["SLACK_WEBHOOK"] = value
    outcome = cli("reconcile", "--quiet", "--notify-url-env", "SLACK_WEBHOOK")
    assert outcome.exit_code == 1
    assert outcome.stderr.startswith("Warning: no alert was sent: SLACK_WEBHOOK holds no URL")
    assert outcome.stderr.count("\n") == 1
    assert value is None or value not in outcome.stderr


def test_a_url_that_nobody_answers_is_a_warning_without_the_url(cli: Cli, market: Market) -> None:
    lose(market)
    cli.environ["SLACK_WEBHOOK"] = "http://127.0.0.1:9/services/T0/B0/hookpathsecret"
    outcome = cli("reconcile", "--notify-url-env", "SLACK_WEBHOOK")
    assert outcome.exit_code == 1
    assert "cannot be reached" in outcome.stderr
    assert "hookpathsecret" not in outcome.stdout + outcome.stderr
    with market.ledger.reading() as view:
        assert [str(each.outcome) for each in alert_records(view)] == ["refused"]
        assert [each.told for each in open_sightings(view)] == [None]


def test_a_run_that_is_refused_because_another_goes_on_tells_nobody(cli: Cli, market: Market, inbox: Inbox) -> None:
    with only_one(market.ledger.path):
        assert cli("reconcile", "--notify-command", inbox.command).exit_code == 3
    assert inbox.alerts == []


def test_a_repair_that_nobody_agreed_to_still_tells(cli: Cli, market: Market, inbox: Inbox) -> None:
    lose(market)
    assert cli("reconcile", "--repair", "--notify-command", inbox.command).exit_code == 3
    assert inbox.kinds == ["new"]


@pytest.mark.parametrize("option", [("--metrics", "x.prom"), ("--notify-command", "true")])
def test_a_dry_run_tells_nobody(cli: Cli, market: Market, option: tuple[str, str]) -> None:
    assert cli("reconcile", "--dry-run", *option).exit_code == 2
    assert cli("reconcile", "--notify-command", "true", "--notify-url-env", "X").exit_code == 2


def test_a_command_that_needs_a_shell_is_refused_and_stays_due(cli: Cli, market: Market, inbox: Inbox) -> None:
    """`tee` would take the pipe for a file's name and end well: the finding would count as told."""
    lose(market)
    outcome = cli("reconcile", "--quiet", "--notify-command", "tee told | cat")
    assert outcome.exit_code == 1
    assert "| means something to a shell alone: give it as sh -c" in outcome.stderr
    assert not (cli.folder / "told").exists()
    assert cli("reconcile", "--quiet", "--notify-command", inbox.command).exit_code == 1
    assert inbox.kinds == ["new"]
