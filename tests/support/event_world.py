"""A local stack with purchases in it, a URL that keeps what it is sent, and processes to be killed."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import stripe

from creditctl.cli.app import run
from creditctl.cli.local.local_stack import LocalStack, start_local_stack
from creditctl.cli.wiring import Wiring
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.emulator.transports.server import EmulatorServer
from tests.support.cli import Cli
from tests.support.clock import Clock
from tests.support.keys import REHEARSAL_KEY, TEST_KEY
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A shop with its emulator, backend and ledger, for the tests of one module."""
    folder = tmp_path_factory.mktemp("world")
    environ = {"HOME": str(folder), "NO_COLOR": "1", "PATH": os.environ["PATH"]}
    stdin, stdout, stderr = io.StringIO(), io.StringIO(), io.StringIO()
    wiring = Wiring(environ=environ, folder=folder, run=run, stdin=stdin, stdout=stdout, stderr=stderr)
    with start_local_stack(wiring, folder) as built:
        yield built


def bought(world: LocalStack, user: str, event_type: str = "checkout.session.completed") -> dict[str, Any]:
    """A purchase whose consequences have all arrived."""
    made: dict[str, Any] = world.command("events", "trigger", event_type, "--user", user)["report"]
    assert world.shop.settle({made["payment_key"], made["session"]})
    return made


def unheard(world: LocalStack, user: str) -> dict[str, Any]:
    """A purchase while the endpoint is switched off: Stripe delivers nothing."""
    (endpoint,) = world.shop.client.v1.webhook_endpoints.list().data
    world.shop.client.v1.webhook_endpoints.update(endpoint.id, params={"disabled": True})
    try:
        made: dict[str, Any] = world.command("events", "trigger", "checkout.session.completed", "--user", user)[
            "report"
        ]
    finally:
        world.shop.client.v1.webhook_endpoints.update(endpoint.id, params={"disabled": False})
    return made


TERMINAL = {"FORCE_COLOR": "1", "COLUMNS": "80"}
"""What makes a stream a terminal of eighty columns."""
PIPE = {"COLUMNS": "80"}
"""A pipe, for which COLUMNS says nothing."""


def spoken(
    world: LocalStack, *arguments: str, environ: Mapping[str, str] = MappingProxyType({})
) -> tuple[int, str, str]:
    """A command for people: exit code, stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    environ = {**world.inner.environ, **environ}
    code = run(list(arguments), replace(world.inner, environ=environ, stdin=io.StringIO(), stdout=out, stderr=err))
    return code, out.getvalue(), err.getvalue()


def require_usage_error(world: LocalStack, *arguments: str) -> None:
    """Asserts that a command is refused as wrong use, with a way out."""
    answer = world.command(*arguments)

    assert answer["error"]["type"] == "usage", answer
    assert answer["error"]["fix"]


def deliveries(world: LocalStack, event_id: str) -> list[dict[str, Any]]:
    """What the ledger logged of an event's deliveries."""
    found: list[dict[str, Any]] = world.command("events", "show", event_id)["report"]["deliveries"]
    return found


@pytest.fixture
def live(cli: Cli, clock: Clock) -> Iterator[Cli]:
    """The command line with a live key, on an emulator that rehearses live mode."""
    emulator = Emulator(clock=clock, seed=1, livemode=True)
    live_cli = replace(
        cli,
        environ={**cli.environ, "STRIPE_SECRET_KEY": REHEARSAL_KEY, "STRIPE_WEBHOOK_SECRET": "whsec_example0000000000"},
        transport=lambda: EmulatorHTTPClient(emulator),
    )
    yield live_cli
    emulator.close()


def live_event(live: Cli) -> str:
    """A live event: a product that was made on the rehearsal's Stripe."""
    assert live.transport is not None
    client = stripe.StripeClient(REHEARSAL_KEY, http_client=live.transport(), max_network_retries=0)
    client.v1.products.create(params={"name": "An example"})
    newest: str = client.v1.events.list().data[0].id
    return newest


@pytest.fixture(scope="module")
def busy_stripe() -> Iterator[tuple[str, list[str]]]:
    """A Stripe on a port with three thousand events; its URL and their ids, oldest first."""
    emulator = Emulator(seed=1)
    client = stripe_client(emulator)
    for _ in range(3000):
        client.v1.products.create(params={"name": "An example"})
    ids = [event.id for event in client.v1.events.list(params={"limit": 100}).auto_paging_iter()][::-1]
    with EmulatorServer(emulator) as server:
        yield server.url, ids
    emulator.close()


def stripe_client(emulator: Emulator) -> stripe.StripeClient:
    """The official SDK on an emulator in process."""
    return stripe.StripeClient(TEST_KEY, http_client=EmulatorHTTPClient(emulator), max_network_retries=0)


def process(folder: Path, url: str, *arguments: str) -> subprocess.Popen[str]:
    """A command as a process of its own, with the Stripe at a URL behind it."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "STRIPE_SECRET_KEY": TEST_KEY,
        "STRIPE_WEBHOOK_SECRET": "whsec_example0000000000",
        "STRIPE_API_BASE": url,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "creditctl", *arguments],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def kill_when(running: subprocess.Popen[str], far_enough: Callable[[], bool]) -> None:
    """Kills a process as soon as it has come far enough, or has ended by itself."""
    wait_until(lambda: far_enough() or running.poll() is not None, 60, every=0.005)
    running.send_signal(signal.SIGKILL)
    running.communicate()
