"""`creditctl events listen`: what is new is forwarded once, signed with the configured secret or one of its own."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from creditctl.cli.local.local_stack import LocalStack
from creditctl.core.errors import ExitCode
from tests.support.cli import Cli
from tests.support.event_world import bought, kill_when, process, require_usage_error, spoken
from tests.support.keys import TEST_KEY
from tests.support.waiting import wait_until
from tests.support.webhook_server import WebhookServer


def test_listen_once_forwards_what_is_new_as_stripe_listen_prints_it(
    world: LocalStack, receiver: WebhookServer
) -> None:
    url, got = receiver.url, receiver.ids
    code, _, err = spoken(world, "events", "listen", "--forward-to", url, "--once")
    assert (code, got) == (0, [])
    assert "from now on" in err
    made = bought(world, "wim")

    code, out, _ = spoken(world, "events", "listen", "--forward-to", url, "--once")

    assert code == 0
    assert made["event"] in got
    assert f"  --> checkout.session.completed [{made['event']}]" in out
    assert f" <--  [200] POST {url} [{made['event']}]" in out
    code, out, _ = spoken(world, "events", "listen", "--forward-to", url, "--once", "--jsonl")
    assert (code, out) == (0, "")


def test_the_signing_secret_is_the_configured_one_and_only_printed_on_demand(world: LocalStack) -> None:
    settings = world.inner.settings()
    secret = settings.webhook_secrets[0].reveal()

    code, out, _ = spoken(world, "events", "listen", "--print-secret")
    assert (code, out.strip()) == (0, secret)
    _, out, err = spoken(world, "events", "listen", "--forward-to", "http://127.0.0.1:9/x", "--once")
    assert secret not in out + err


def test_without_a_secret_one_is_made_kept_and_written_on_demand(cli: Cli, tmp_path: Path) -> None:
    cli.write_env([f"STRIPE_SECRET_KEY={TEST_KEY}"])
    first = cli("events", "listen", "--print-secret").stdout
    assert first.startswith("whsec_")
    assert cli("events", "listen", "--print-secret").stdout == first

    written = cli("events", "listen", "--write-env")

    assert written.exit_code == 0
    assert f"STRIPE_WEBHOOK_SECRET={first.strip()}\n" in (tmp_path / ".env").read_text()
    assert first.strip() not in written.stdout + written.stderr
    assert "set already" in cli("events", "listen", "--write-env").stderr


def test_a_listening_process_that_is_killed_repeats_only_what_was_in_flight(
    busy_stripe: tuple[str, list[str]], receiver: WebhookServer, tmp_path: Path
) -> None:
    url, ids = busy_stripe
    hook, got = receiver.url, receiver.ids
    wanted = ids[:400]
    command = ("events", "listen", "--forward-to", hook, "--all-types")
    kill_when(process(tmp_path, url, *command, "--since", "1d"), lambda: len(got) >= 60)
    kill_when(process(tmp_path, url, *command), lambda: len(got) >= 200)
    running = process(tmp_path, url, *command)
    wait_until(lambda: len(got) >= len(wanted) + 2 or running.poll() is not None, 60, every=0.005)
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate()

    assert running.returncode == ExitCode.STOPPED, said
    once = list(dict.fromkeys(got))
    assert once[: len(wanted)] == wanted
    assert len(got) - len(once) <= 2


@pytest.mark.parametrize("arguments", [(), ("--forward-to", "127.0.0.1:8000")])
def test_what_says_no_target_is_a_usage_error_with_a_way_out(world: LocalStack, arguments: tuple[str, ...]) -> None:
    require_usage_error(world, "events", "listen", *arguments)
