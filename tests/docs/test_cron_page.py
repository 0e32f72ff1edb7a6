"""docs/cron.md and examples/cron: unit files, crontab lines and rules are what systemd, cron and the program take."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
from pathlib import Path

import pytest

from creditctl.core.project_file.project import parse_project_file
from creditctl.reconciliation.metrics import metrics_text
from tests.support.cli import Cli
from tests.support.payment_shop import OpenShop, catalog, open_shop
from tests.support.waiting import run_process

ROOT = Path(__file__).resolve().parents[2]
CRON = ROOT / "examples" / "cron"
PAGE = (ROOT / "docs" / "cron.md").read_text()
UNITS = ("creditctl-reconcile.service", "creditctl-reconcile.timer")
FIELD = re.compile(r"(\*|\d+)(/\d+)?(,\d+)*\Z")

__all__ = ["catalog", "open_shop"]


class UnitFile(configparser.RawConfigParser):
    """A unit file. Source: systemd.syntax(7): names of settings are case-sensitive."""

    def optionxform(self, optionstr: str) -> str:
        """A name as it is written."""
        return optionstr


def unit(name: str) -> UnitFile:
    parsed = UnitFile()
    parsed.read_string((CRON / name).read_text())
    return parsed


def commands() -> list[str]:
    """Every `creditctl …` that the files and the page run."""
    jobs = [line.split(None, 5)[5] for line in crontab_jobs()]
    started = unit(UNITS[0])["Service"]["ExecStart"].removeprefix("/usr/local/bin/")
    shown = re.findall(r"^\$ (creditctl .*)$", PAGE, re.MULTILINE)
    return [started, *(job.partition("&& ")[2] for job in jobs), *shown]


def crontab_jobs() -> list[str]:
    lines = (CRON / "crontab").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#") and not re.match(r"[A-Z]+=", line)]


@pytest.mark.parametrize("command", commands())
def test_every_command_is_one_that_the_program_takes(offline_cli: Cli, command: str) -> None:
    words = shlex.split(command)
    assert words[:2] == ["creditctl", "reconcile"]
    (offline_cli.folder / "creditctl.toml").write_text('[alert]\ncommand = "true"\n')
    outcome = offline_cli(*(word.replace("/var/lib/node_exporter/textfile_collector/", "") for word in words[1:]))
    assert outcome.exit_code == 3, "nothing but a key is missing"
    assert "STRIPE_SECRET_KEY is not set" in outcome.stderr


def test_crontab_lines_have_five_fields_and_no_percent_sign() -> None:
    """Source: crontab(5): an unescaped % ends the command."""
    assert crontab_jobs()
    for line in crontab_jobs():
        fields = line.split(None, 5)
        assert all(FIELD.match(field) for field in fields[:5]), line
        assert "%" not in fields[5]


def test_no_two_jobs_start_at_once_and_the_clock_change_takes_none_away() -> None:
    """Of two runs that start in one minute the second ends with 3: it might be the night's, and every night anew.

    Source: crontab(5): jobs between one and three o'clock, local time, may be skipped or run twice by a clock change.
    """
    minutes, hours = zip(*(line.split(None, 2)[:2] for line in crontab_jobs()), strict=True)
    started = [set(range(0, 60, int(text[2:]))) if text.startswith("*/") else {int(text)} for text in minutes]
    assert sum(map(len, started)) == len(set().union(*started))
    assert not {"1", "2"} & set(hours)


def test_the_timer_starts_the_service_and_findings_are_no_failure() -> None:
    service, timer = map(unit, UNITS)
    assert Path(UNITS[0]).stem == Path(UNITS[1]).stem, "a timer starts the service of its name"
    assert service["Service"]["Type"] == "oneshot"
    assert service["Service"]["SuccessExitStatus"] == "1"
    assert timer["Install"]["WantedBy"] == "timers.target"
    writable = service["Service"]["ReadWritePaths"].split()
    metrics = Path(service["Service"]["ExecStart"].partition("--metrics ")[2].split()[0])
    assert str(metrics.parent) in writable
    assert service["Service"]["WorkingDirectory"] in writable


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """With paths that are there: systemd looks for the program, too."""
    program = shutil.which("true")
    for name in UNITS:
        text = (CRON / name).read_text().replace("/usr/local/bin/creditctl", str(program))
        (tmp_path / name).write_text(re.sub(r"^User=.*\n", "", text, flags=re.MULTILINE))
    done = run_process(["systemd-analyze", "verify", *(str(tmp_path / name) for name in UNITS)], 30)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_rules_and_the_page_name_metrics_that_are_written(open_shop: OpenShop) -> None:
    with open_shop() as shop, shop.ledger.reading() as view:
        written = set(re.findall(r"^# TYPE (\w+)", metrics_text(view, {}), re.MULTILINE))
    rules = set(re.findall(r"creditctl_reconcile_\w+", (CRON / "alerts.rules.yml").read_text()))
    assert rules <= written
    assert set(re.findall(r"^\| `(creditctl_reconcile_\w+)`", PAGE, re.MULTILINE)) == written


def test_the_page_shows_a_project_file_that_is_taken(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert parse_project_file(block, path=tmp_path / "creditctl.toml").alert.url_env == "SLACK_WEBHOOK"
    other = block.replace("url_env", "# url_env").replace("# command", "command")
    assert parse_project_file(other, path=tmp_path / "creditctl.toml").alert.command is not None
