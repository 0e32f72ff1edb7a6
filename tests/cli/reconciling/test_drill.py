"""`creditctl reconcile --drill`: on the emulator an event is lost and cron tells; elsewhere one message goes out."""

from __future__ import annotations

import io
import json
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from creditctl.cli.app import run
from creditctl.cli.reconciling.drill import DrillResult
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
from creditctl.ledger.store import Ledger
from tests.support.clock import Clock
from tests.support.keys import TEST_KEY, live_key
from tests.support.ledger_calls import read
from tests.support.scripted_stripe import ScriptedStripe, answers, by_path, is_write
from tests.support.sdk_clients import client_at

if TYPE_CHECKING:
    from tests.support.cli import Cli

GRACE_SECONDS = 900


@dataclass
class CronClock(Clock):
    """A clock on which a job of cron runs every five minutes while somebody waits."""

    cron: Callable[[], object] = lambda: None
    runs: list[int] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Moves on, and lets cron run where its time has come."""
        before, self.now = self.now, self.now + max(1, round(seconds))
        if before // 300 != self.now // 300:
            self.runs.append(self.now)
            self.cron()


@dataclass
class Drill:
    """The command line on a set-up emulator, and an inbox that a command fills."""

    cli: Cli
    clock: CronClock
    url: str
    notify: tuple[str, ...]

    @property
    def alerts(self) -> list[dict[str, Any]]:
        path = self.cli.folder / "inbox"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def faults(self) -> list[Any]:
        return list(self.cli("emulator", "faults", "--json").report["faults"])


class StoppingAt(io.StringIO):
    """A terminal at which somebody stops the command as soon as it says something."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word

    def write(self, text: str) -> int:
        """Writes, and stops once where the word stands."""
        if self.word in text:
            self.word = "\0"
            raise KeyboardInterrupt
        return super().write(text)


@pytest.fixture
def drill(offline_cli: Cli) -> Iterator[Drill]:
    clock = CronClock()
    offline_cli.clock = clock
    command = shlex.join((sys.executable, "-c", "import sys; open('inbox', 'a').write(sys.stdin.read())"))
    emulator = Emulator(clock=clock)
    with EmulatorServer(emulator) as server:
        offline_cli.environ |= {
            "STRIPE_SECRET_KEY": TEST_KEY,
            "STRIPE_API_BASE": server.url,
            "CREDITS_API_URL": "http://127.0.0.1:9",
        }
        assert offline_cli("setup", "--yes").exit_code == 0
        assert offline_cli("ledger", "init").exit_code == 0
        yield Drill(offline_cli, clock, server.url, ("--notify-command", command))
    emulator.close()


def test_a_lost_payment_is_told_by_cron_and_mended(drill: Drill) -> None:
    drill.clock.cron = lambda: drill.cli("reconcile", *drill.notify)
    outcome = drill.cli("reconcile", "--drill", *drill.notify, "--json")
    assert outcome.exit_code == 0, outcome.stdout + outcome.stderr
    report = outcome.report
    assert GRACE_SECONDS <= report["seconds_to_alert"] <= GRACE_SECONDS + 330
    assert report["seconds_to_mend"] >= report["seconds_to_alert"]
    assert [each["kind"] for each in drill.alerts] == ["new"]
    assert drill.alerts[0]["findings"][0]["subject"] == report["payment_key"]
    assert drill.cli("ledger", "balance", "creditctl-drill", "--json").report["credits"] == 1000
    assert drill.faults() == [], "no fault is left behind"
    assert drill.cli("reconcile", "--json").document["findings"] == []


def test_only_the_purchase_of_the_drill_is_mended(drill: Drill) -> None:
    other = drill.cli("events", "trigger", "checkout.session.completed", "--json").report["payment_key"]
    drill.clock.cron = lambda: drill.cli("reconcile", *drill.notify)
    assert drill.cli("reconcile", "--drill", *drill.notify).exit_code == 0
    found = drill.cli("reconcile", "--json").document["findings"]
    assert [finding["subject"] for finding in found] == [other]


def test_without_a_job_nobody_is_told_and_that_is_exit_1(drill: Drill) -> None:
    outcome = drill.cli("reconcile", "--drill", "--drill-wait", "1h", *drill.notify)
    assert outcome.exit_code == 1
    assert "Nobody was told within 1h" in outcome.stdout
    assert drill.alerts == []
    assert drill.faults() == []
    assert drill.cli("ledger", "balance", "creditctl-drill", "--json").report["credits"] == 1000


def test_a_job_that_repairs_by_itself_needs_nobody(drill: Drill) -> None:
    drill.clock.cron = lambda: drill.cli("reconcile", "--repair", "--yes", *drill.notify)
    outcome = drill.cli("reconcile", "--drill", *drill.notify, "--json")
    assert outcome.exit_code == 0
    assert outcome.report["mended_by_cron"] is True


def test_a_drill_that_is_stopped_mends_what_it_lost(drill: Drill) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    drill.clock.cron = stop
    assert drill.cli("reconcile", "--drill", *drill.notify).exit_code == 130
    assert drill.faults() == []
    assert drill.cli("ledger", "balance", "creditctl-drill", "--json").report["credits"] == 1000


def test_a_drill_that_is_stopped_as_soon_as_it_paid_mends_too(drill: Drill) -> None:
    wiring = drill.cli.wiring(stderr=StoppingAt("paid it"))
    assert run(["reconcile", "--drill", *drill.notify], wiring) == 130
    assert drill.faults() == []
    assert drill.cli("ledger", "balance", "creditctl-drill", "--json").report["credits"] == 1000


@pytest.mark.parametrize("told", [None, 20])
def test_what_could_not_be_mended_is_not_called_mended(told: int | None) -> None:
    """As where one of Stripe's lists is cut at that moment: such a run repairs nothing."""
    result = DrillResult("cs_1", "pi_1", lost=10, told=told, mended=None, by_cron=False)
    assert "could not be mended" in result.line
    assert (result.as_dict()["mended"], result.as_dict()["seconds_to_mend"]) == (None, None)


def test_beside_an_applications_rows_nothing_is_bought_and_nothing_is_booked(drill: Drill) -> None:
    (drill.cli.folder / "creditctl.toml").write_text('[source]\nfile = "rows.jsonl"\n')
    outcome = drill.cli("reconcile", "--drill", *drill.notify, "--json")
    assert outcome.exit_code == 0, outcome.stderr
    assert [each["kind"] for each in drill.alerts] == ["drill"]
    assert client_at(drill.url).v1.checkout.sessions.list().data == []


def test_what_a_killed_drill_left_behind_the_next_one_mends_and_two_at_once_are_refused(drill: Drill) -> None:
    drill.cli("emulator", "fault", "drop", "--user", "creditctl-drill")
    drill.cli("events", "trigger", "checkout.session.completed", "--user", "creditctl-drill")
    second: list[int] = []

    def cron() -> None:
        second.append(drill.cli("reconcile", "--drill", *drill.notify).exit_code)
        drill.cli("reconcile", *drill.notify)

    drill.clock.cron = cron
    assert drill.cli("reconcile", "--drill", *drill.notify).exit_code == 0
    assert set(second) == {3}
    assert drill.faults() == []
    assert drill.cli("ledger", "balance", "creditctl-drill", "--json").report["credits"] == 2000
    assert {each["code"] for each in drill.cli("reconcile", "--json").document["findings"]} <= {
        "reconcile.double_payment"
    }


def test_a_drill_that_nobody_could_hear_is_refused(drill: Drill) -> None:
    before = client_at(drill.url).v1.checkout.sessions.list().data
    assert drill.cli("reconcile", "--drill").exit_code == 3
    assert client_at(drill.url).v1.checkout.sessions.list().data == before


@pytest.mark.parametrize("option", ["--repair", "--full", "--quiet"])
def test_a_drill_takes_no_option_of_a_comparison(drill: Drill, option: str) -> None:
    assert drill.cli("reconcile", "--drill", option, *drill.notify).exit_code == 2


@pytest.mark.parametrize(("live", "label"), [(False, "[TEST MODE] creditctl: Drill"), (True, "creditctl: Drill")])
def test_on_stripe_itself_one_message_is_sent_and_nothing_changes(offline_cli: Cli, live: bool, label: str) -> None:
    stripe_ = ScriptedStripe(by_path({"/v1/account": {"id": "acct_1", "object": "account"}}, otherwise={}))
    stripe_.on(answers(AssertionError("nothing is written to Stripe")), when=is_write)
    offline_cli.transport = lambda: stripe_
    offline_cli.environ["STRIPE_SECRET_KEY"] = live_key("example" + "0" * 17) if live else TEST_KEY
    path = offline_cli.folder / ("creditctl.db" if live else "creditctl-test.db")
    command = shlex.join((sys.executable, "-c", "import sys; open('inbox', 'a').write(sys.stdin.read())"))
    with Ledger.open(path, account="acct_1", livemode=live, clock=offline_cli.clock) as ledger:
        outcome = offline_cli("reconcile", "--drill", "--notify-command", command)
        assert outcome.exit_code == 0, outcome.stderr
        assert (read(ledger).count(), read(ledger).runs()) == (0, [])
    (sent,) = [json.loads(line) for line in (offline_cli.folder / "inbox").read_text().splitlines()]
    assert sent["text"].startswith(label)
    assert (sent["kind"], sent["test"]) == ("drill", not live)
    refused = offline_cli("reconcile", "--drill", "--notify-command", "false", "--json")
    assert (refused.exit_code, refused.document["error"]["code"]) == (5, "alert.not_taken")
