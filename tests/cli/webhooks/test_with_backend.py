"""A signing secret is rotated while a real backend takes purchases: nothing is lost, each step waits for its proof."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import stripe

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
from creditctl.emulator_client.checkout_payer import pay
from tests.support.keys import TEST_KEY
from tests.support.ports import free_port
from tests.support.sdk_clients import client_at
from tests.support.waiting import exit_of, patience, wait_until

if TYPE_CHECKING:
    from tests.support.cli import Cli

DEADLINE_SECONDS = 30
CREDITS = 1000


@dataclass
class Business:
    """A backend at one address, started and stopped, whose settings stand in one env file."""

    cli: Cli
    client: stripe.StripeClient
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return str(self.cli.environ["CREDITS_API_URL"])

    def start(self) -> None:
        """Starts the backend with what the env file says now."""
        port = self.url.rpartition(":")[2]
        command = [sys.executable, "-m", "creditctl", "serve", "--port", port]
        environ = {"PATH": os.environ["PATH"], **self.cli.environ}
        with (self.cli.folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.cli.folder, env=environ, stdout=log, stderr=log)
        wait_until(self._answers, DEADLINE_SECONDS)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=patience(5)).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """Stops it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            exit_of(self.process, DEADLINE_SECONDS)
            self.process = None

    def sell(self) -> None:
        """Sells the smallest package and waits for its credits, which only a verified webhook brings."""
        before = self.balance()
        body = {"package_id": 1, "payment_method": "stripe"}
        answer = httpx.post(
            f"{self.url}/api/credits/purchase",
            json=body,
            headers={"X-User-Id": "7"},
            timeout=patience(DEADLINE_SECONDS),
        )
        session = answer.json()["payment_url"].split("?")[0].split("#")[0].rsplit("/", 1)[-1]
        assert pay(self.client, session, "tok_visa").paid
        wait_until(lambda: self.balance() == before + CREDITS, DEADLINE_SECONDS)

    def balance(self) -> int:
        """The buyer's credits."""
        answer = httpx.get(
            f"{self.url}/api/credits/balance", params={"user_id": "7"}, timeout=patience(DEADLINE_SECONDS)
        )
        return int(answer.json()["balance"])

    def secrets(self) -> int:
        """How many signing secrets the env file holds."""
        lines = (self.cli.folder / ".env").read_text().splitlines()
        return sum(len(line.split(",")) for line in lines if line.startswith("STRIPE_WEBHOOK_SECRET="))


@pytest.fixture
def business(offline_cli: Cli, tmp_path: Path) -> Iterator[Business]:
    """The command line with an emulator on a port behind it, and the real time, by which deliveries are signed."""
    url = f"http://127.0.0.1:{free_port()}"
    emulator = Emulator(seed=1)
    with contextlib.closing(emulator), EmulatorServer(emulator) as server:
        offline_cli.clock.now = int(time.time())
        offline_cli.environ |= {"STRIPE_SECRET_KEY": TEST_KEY, "STRIPE_API_BASE": server.url}
        offline_cli.environ |= {"CREDITS_API_URL": url, "FRONTEND_URL": "http://127.0.0.1:3000"}
        http = stripe.RequestsClient()
        running = Business(offline_cli, client_at(server.url, http=http))
        try:
            yield running
        finally:
            running.stop()
            http.close()


def test_a_secret_is_rotated_while_purchases_go_on(business: Business) -> None:
    cli = business.cli
    assert cli("setup").exit_code == 0
    business.start()
    business.sell()

    assert cli("webhooks", "rotate", "--json").report["stage"] == "overlap"
    assert business.secrets() == 2
    assert cli("setup", "--check").exit_code == 0, "a rotation under way is nobody's drift"
    business.sell()
    waiting = cli("webhooks", "rotate", "--json")
    assert (waiting.exit_code, waiting.document["findings"][0]["code"]) == (1, "rotation.waiting")
    early = cli("webhooks", "rotate", "--finish", "--json")
    assert (early.exit_code, early.document["findings"][0]["code"]) == (1, "rotation.unproven")
    assert business.secrets() == 2

    business.stop()
    business.start()
    assert cli("webhooks", "probe").exit_code == 0, "the backend accepts both"
    business.sell()
    assert cli("webhooks", "rotate", "--finish", "--json").report["stage"] == "done"
    assert business.secrets() == 1
    assert len(business.client.v1.webhook_endpoints.list().data) == 1

    business.sell()
    assert cli("setup", "--check").exit_code == 0
