"""The official Stripe CLI against the loopback server: its triggers fire, it listens, it tails, it resends."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe
from stripe import V1Services

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
from tests.support.keys import TEST_KEY
from tests.support.sdk_clients import client_at
from tests.support.waiting import Deadline, finish, patience
from tests.support.webhook_server import webhook_server

ROOT = Path(__file__).resolve().parents[2]
FOUND = os.environ.get("STRIPE_CLI") or shutil.which("stripe") or ""
CLI = FOUND or next((str(path) for path in [ROOT / "node_modules/.bin/stripe"] if path.exists()), "")
pytestmark = pytest.mark.skipif(not CLI, reason="the official Stripe CLI (npm package @stripe/cli) is not installed")
TRIGGERS = [
    "customer.created",
    "product.created",
    "price.created",
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.requires_action",
    "charge.succeeded",
    "charge.failed",
    "charge.refunded",
    "charge.refund.updated",
    "charge.dispute.created",
    "charge.dispute.closed",
    "payout.created",
]


class Cli:
    """The CLI, pointed at one emulator and kept from everything else."""

    def __init__(self, url: str, home: Path) -> None:
        self.url = url
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "STRIPE_API_KEY": TEST_KEY,
            "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
            "HTTPS_PROXY": "http://127.0.0.1:9",
        }

    def __call__(self, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.line(*args), env=self.environment, capture_output=True, text=True, timeout=patience(60)
        )

    def line(self, *args: str) -> list[str]:
        return [CLI, *args, "--api-base", self.url]

    def start(self, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.line(*args),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Emulator, EmulatorServer]]:
    emulator = Emulator()
    with EmulatorServer(emulator) as running:
        yield emulator, running
    emulator.close()


@pytest.fixture
def cli(server: tuple[Emulator, EmulatorServer], tmp_path: Path) -> Cli:
    server[0].reset()
    return Cli(server[1].url, tmp_path)


@pytest.fixture
def client(cli: Cli) -> V1Services:
    return client_at(cli.url).v1


def until(check: Callable[[], Any], seconds: float = 15.0) -> Any:
    deadline = Deadline(seconds)
    while not deadline.passed:
        found = check()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it never happened")


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_trigger_fires_its_event(
    cli: Cli, client: V1Services, server: tuple[Emulator, EmulatorServer], trigger: str
) -> None:
    done = cli("trigger", trigger)
    assert done.returncode == 0, done.stdout + done.stderr
    server[0].move_clock(5)
    types = [event.type for event in client.events.list(params={"limit": 100}).auto_paging_iter()]
    assert trigger in types


def test_resource_commands(cli: Cli, client: V1Services) -> None:
    cli("products", "create", "--name", "By hand")
    assert [product.name for product in client.products.list().data] == ["By hand"]
    product = client.products.list().data[0].id
    cli("prices", "create", "--product", product, "--currency", "usd", "--unit-amount", "700", "--lookup-key", "hand")
    assert '"unit_amount": 700' in cli("prices", "list", "--lookup-keys", "hand").stdout.replace(":7", ": 7")
    assert '"deleted"' in cli("delete", "/v1/customers/" + client.customers.create().id, "--confirm").stdout


def test_listen_forwards_and_logs_tail(cli: Cli, client: V1Services, server: tuple[Emulator, EmulatorServer]) -> None:
    secret = cli("listen", "--print-secret").stdout.strip()
    assert secret.startswith("whsec_")
    with webhook_server() as receiver:
        listening = cli.start("listen", "--skip-update", "--all-snapshot", "--forward-to", receiver.url)
        tailing = cli.start("logs", "tail")
        try:
            until(lambda: server[0].services.listeners.tailing)
            until(lambda: cli("trigger", "customer.created").returncode == 0 and receiver.ids)
            event = stripe.Webhook.construct_event(receiver.bodies[0], receiver.signatures[0], secret)
            assert event.type == "customer.created"
            until(lambda: client.events.retrieve(event.id).pending_webhooks == 0)
            cli("events", "resend", event.id)
            until(lambda: receiver.ids.count(event.id) > 1)  # others may come too: it was triggered until one was heard
            place = len(receiver.ids) - 1 - receiver.ids[::-1].index(event.id)
            assert stripe.Webhook.construct_event(receiver.bodies[place], receiver.signatures[place], secret)
        finally:
            for process in (listening, tailing):
                os.killpg(process.pid, signal.SIGTERM)
            heard, tail = (finish(process, 10)[0] for process in (listening, tailing))
    assert "customer.created" in heard
    assert "/v1/customers" in tail


def test_a_session_of_ones_own_price(cli: Cli, client: V1Services) -> None:
    product = client.products.create(params={"name": "Starter"})
    price = client.prices.create(params={"product": product.id, "currency": "usd", "unit_amount": 999})
    done = cli(
        "trigger", "checkout.session.completed", "--skip", "product", "--skip", "price",
        "--remove", "checkout_session:line_items",
        "--add", f"checkout_session:line_items[0][price]={price.id}",
        "--add", "checkout_session:line_items[0][quantity]=1",
        "--override", "payment_page_confirm:expected_amount=999",
        "--override", "checkout_session:client_reference_id=user_42",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    session = client.checkout.sessions.list().data[0]
    assert (session.amount_total, session.payment_status, session.client_reference_id) == (999, "paid", "user_42")


FIXTURE = {
    "_meta": {"template_version": 0},
    "fixtures": [
        {
            "name": "price",
            "path": "/v1/prices",
            "method": "get",
            "params": {"lookup_keys": ["starter"], "active": "true"},
        },
        {
            "name": "session",
            "path": "/v1/checkout/sessions",
            "method": "post",
            "params": {
                "mode": "payment",
                "success_url": "https://shop.example/ok",
                "client_reference_id": "user_42",
                "metadata": {"package": "${price:data.0.metadata.package}"},
                "line_items": [{"price": "${price:data.0.id}", "quantity": 2}],
            },
        },
        {
            "name": "method",
            "path": "/v1/payment_methods",
            "method": "post",
            "params": {"type": "card", "card": {"token": "tok_visa"}, "billing_details": {"email": "b@example.com"}},
        },
        {
            "name": "paid",
            "path": "/v1/payment_pages/${session:id}/confirm",
            "method": "post",
            "params": {"payment_method": "${method:id}", "expected_amount": "${session:amount_total}"},
        },
    ],
}


def test_a_fixture_file_buys_by_lookup_key(cli: Cli, client: V1Services, tmp_path: Path) -> None:
    product = client.products.create(params={"name": "Starter"})
    metadata = {"package": "starter"}
    client.prices.create(
        params={
            "product": product.id,
            "currency": "usd",
            "unit_amount": 700,
            "lookup_key": "starter",
            "metadata": metadata,
        }
    )
    path = tmp_path / "buy.json"
    path.write_text(json.dumps(FIXTURE))
    done = cli("fixtures", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    session = client.checkout.sessions.list().data[0]
    assert (session.payment_status, session.amount_total) == ("paid", 1400)
    assert session.metadata is not None
    assert session.metadata.to_dict() == metadata


def test_listening_comes_back_after_a_restart_of_the_server(tmp_path: Path) -> None:
    """The CLI loses its connection, is told that its session is unknown, opens another and goes on."""
    emulator = Emulator()
    with webhook_server() as receiver:
        with EmulatorServer(emulator) as server:
            port = server.port
            cli = Cli(server.url, tmp_path)
            listening = cli.start("listen", "--skip-update", "--all-snapshot", "--forward-to", receiver.url)
            until(lambda: cli("trigger", "customer.created").returncode == 0 and receiver.ids)
        try:
            with EmulatorServer(emulator, port=port):
                until(
                    lambda: cli("trigger", "product.created").returncode == 0 and "product.created" in receiver.types,
                    40.0,
                )
        finally:
            os.killpg(listening.pid, signal.SIGTERM)
            finish(listening, 10)
    emulator.close()
