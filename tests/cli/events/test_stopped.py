"""Ctrl-C on the commands about events: exit 130, nothing half done, and a word on where it goes on."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
import stripe

from creditctl.cli.app import run
from creditctl.cli.wiring import Wiring
from creditctl.core.errors import ExitCode
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from tests.support.cli import Cli
from tests.support.clock import Clock
from tests.support.keys import TEST_KEY
from tests.support.scripted_stripe import ScriptedStripe, answers
from tests.support.webhook_server import WebhookServer


class Impatient(Clock):
    """A clock whose owner presses Ctrl-C as soon as something waits."""

    def sleep(self, _seconds: float) -> None:
        raise KeyboardInterrupt


def stopped_at_page(emulator: Emulator) -> ScriptedStripe:
    """The emulator in process; Ctrl-C comes with the second page of events."""
    http = ScriptedStripe(emulator)
    http.on(answers(KeyboardInterrupt()), when=lambda request: "starting_after" in request.query)
    return http


@pytest.fixture
def shop(cli: Cli, emulator: Emulator) -> Cli:
    """The command line with a signing secret, and 150 events on its Stripe."""
    cli.environ["STRIPE_WEBHOOK_SECRET"] = "whsec_example0000000000"
    client = stripe.StripeClient(TEST_KEY, http_client=EmulatorHTTPClient(emulator))
    for number in range(150):
        client.v1.products.create(params={"name": f"Example {number}"})
    return cli


def test_a_stopped_archive_says_that_the_next_run_goes_on(shop: Cli, emulator: Emulator) -> None:
    stopped = replace(shop, transport=lambda: stopped_at_page(emulator))("events", "archive", "--json")

    assert stopped.exit_code == ExitCode.STOPPED
    assert "creditctl events archive" in stopped.document["error"]["fix"]
    assert shop("events", "archive", "--json").report["kept"] == 150


def test_a_stopped_replay_says_how_it_is_continued_and_is(shop: Cli, receiver: WebhookServer) -> None:
    url, got = receiver.url, receiver.ids
    command = ("events", "replay", "--since", "1h", "--to", url, "--limit", "150")

    stopped = replace(shop, clock=Impatient(shop.clock.now))(*command)

    assert stopped.exit_code == ExitCode.STOPPED
    assert "the same command again" in stopped.stderr
    assert "Error" not in stopped.stderr
    assert len(got) == 1
    assert shop(*command, "--rate", "0").exit_code == ExitCode.OK
    assert len(got) == len(set(got)) == 150


def test_the_plan_of_a_replay_that_was_stopped_is_what_is_left_of_it(shop: Cli, receiver: WebhookServer) -> None:
    url, got = receiver.url, receiver.ids
    command = ("events", "replay", "--since", "1h", "--to", url, "--limit", "40")
    replace(shop, clock=Impatient(shop.clock.now))(*command)

    plan = shop(*command, "--dry-run", "--json").report
    assert got[0] not in [row["id"] for row in plan["deliveries"]]
    assert (len(plan["deliveries"]), plan["left"]) == (40, 109)
    assert shop(*command, "--dry-run", "--json", "--restart").report["left"] == 110
    shop(*command, "--rate", "0")

    assert got[1:] == [row["id"] for row in plan["deliveries"]]


@pytest.mark.parametrize("form", [(), ("--json",), ("--jsonl",)])
def test_a_stopped_listener_says_that_it_goes_on_where_it_stopped(
    shop: Cli, receiver: WebhookServer, form: tuple[str, ...]
) -> None:
    url = receiver.url

    stopped = replace(shop, clock=Impatient(shop.clock.now))("events", "listen", "--forward-to", url, *form)

    assert stopped.exit_code == ExitCode.STOPPED
    said = stopped.document["error"]["fix"] if form == ("--json",) else stopped.stderr
    assert "goes on" in said


class LeftPipe(io.StringIO):
    """A pipe whose reader went away."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError


class Terminal(io.StringIO):
    """A terminal; `screen` is what a person sees in the end."""

    def isatty(self) -> bool:
        return True

    @property
    def screen(self) -> list[str]:
        lines = []
        for line in self.getvalue().split("\n"):
            seen = ""
            for part in line.split("\r"):
                seen = part + seen[len(part) :]
            lines.append(seen.rstrip())
        return lines


def wiring(
    shop: Cli, emulator: Emulator, *, stdout: io.StringIO | None = None, stderr: io.StringIO | None = None
) -> Wiring:
    """The wiring of the shop, with one stream of its own."""
    return Wiring(
        environ=shop.environ,
        folder=shop.folder,
        stdin=io.StringIO(),
        stdout=stdout or io.StringIO(),
        stderr=stderr or io.StringIO(),
        clock=shop.clock,
        sleep=shop.clock.sleep,
        transport=lambda: EmulatorHTTPClient(emulator),
    )


@pytest.mark.parametrize("form", [(), ("--jsonl",), ("--json",)])
def test_a_reader_of_the_list_may_leave_early(shop: Cli, emulator: Emulator, form: tuple[str, ...]) -> None:
    assert run(["events", "list", "--limit", "0", *form], wiring(shop, emulator, stdout=LeftPipe())) == ExitCode.OK


@pytest.mark.parametrize("command", [("archive",), ("list", "--limit", "0"), ("replay", "--since", "1h")])
def test_progress_is_shown_at_a_terminal_and_gone_afterwards(
    shop: Cli, emulator: Emulator, receiver: WebhookServer, command: tuple[str, ...]
) -> None:
    shop.environ["COLUMNS"] = "200"
    target = ("--to", receiver.url, "--rate", "0") if command[0] == "replay" else ()
    terminal = Terminal()

    run(["events", *command, *target], wiring(shop, emulator, stderr=terminal))

    assert "100 events read" in terminal.getvalue()
    assert not any("events read" in line for line in terminal.screen)


@pytest.mark.parametrize("name", ["", "../accounts", "evt_a/b?c", "évt"])
def test_no_name_of_an_event_leads_anywhere_else(shop: Cli, name: str) -> None:
    shown = shop("events", "show", name, "--json")

    assert (shown.exit_code, shown.document["error"]["code"]) == (ExitCode.USAGE, "events.unknown")
