"""`creditctl serve` as a process, beside an emulator with the packages in it: started, delivered to, stopped."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
import stripe

from creditctl.core.keys import Secret
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
from creditctl.emulator_client.checkout_payer import pay
from creditctl.stripe_api.delivery import deliver_signed
from tests.support.keys import TEST_KEY
from tests.support.sdk_clients import client_at
from tests.support.waiting import exit_of, patience

if TYPE_CHECKING:
    from creditctl.core.catalog import Catalog
    from creditctl.stripe_api.delivery import DeliveryResult

SECRET = "whsec_example0000000000"
BUY = {"package_id": 1, "payment_method": "stripe"}
DEADLINE_SECONDS = 20


@dataclass
class Backend:
    """One process of `creditctl serve`."""

    process: subprocess.Popen[str]
    document: dict[str, Any]
    log_path: Path | None

    @property
    def url(self) -> str:
        return str(self.document["report"]["url"])

    @property
    def log(self) -> str:
        assert self.log_path is not None
        return self.log_path.read_text()

    @property
    def unread(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.read()

    def deliver(self, body: bytes, secret: str = SECRET) -> DeliveryResult:
        with httpx.Client(timeout=patience(DEADLINE_SECONDS)) as client:
            return deliver_signed(client, f"{self.url}/api/credits/webhook", body, Secret(secret), int(time.time()))

    def begin(self, pool: Executor, body: bytes) -> Future[DeliveryResult]:
        """Delivers an event that is not answered soon; returns when the process has begun to work on it.

        It answers what came later only after it has begun with what came before.
        """
        sent = threading.Event()

        def trace(name: str, _info: object) -> None:
            if name == "http11.send_request_body.complete":
                sent.set()

        def deliver() -> DeliveryResult:
            hooks = {"request": [lambda request: request.extensions.update(trace=trace)]}
            with httpx.Client(timeout=patience(DEADLINE_SECONDS), event_hooks=hooks) as client:
                url = f"{self.url}/api/credits/webhook"
                return deliver_signed(client, url, body, Secret(SECRET), int(time.time()))

        delivery = pool.submit(deliver)
        assert sent.wait(patience(DEADLINE_SECONDS))
        assert self.get("/nowhere").status_code == 404
        return delivery

    def get(self, path: str, **params: str) -> httpx.Response:
        return httpx.get(self.url + path, params=params, timeout=patience(DEADLINE_SECONDS))

    def purchase(self, user_id: str = "1") -> str:
        answer = httpx.post(
            f"{self.url}/api/credits/purchase",
            json=BUY,
            headers={"X-User-Id": user_id},
            timeout=patience(DEADLINE_SECONDS),
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["payment_url"])

    def balance(self, user_id: str = "1") -> int:
        return int(self.get("/api/credits/balance", user_id=user_id).json()["balance"])

    @property
    def listens(self) -> bool:
        """Whether it takes connections."""
        with contextlib.suppress(ConnectionError), socket.create_connection(self._address, patience(DEADLINE_SECONDS)):
            return True
        return False

    @property
    def _address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        assert parts.port is not None
        return parts.hostname, parts.port

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return exit_of(self.process, DEADLINE_SECONDS)


@dataclass
class Town:
    """An emulator with the packages in it, and a folder in which backends are started."""

    folder: Path
    emulator_url: str
    client: stripe.StripeClient
    running: list[Backend]

    @property
    def ledger_path(self) -> Path:
        return self.folder / "creditctl-emulator.db"

    def serve(self, *, stderr: int | None = None, secret: str = SECRET) -> Backend:
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "STRIPE_SECRET_KEY": TEST_KEY,
            "STRIPE_API_BASE": self.emulator_url,
            "STRIPE_WEBHOOK_SECRET": secret,
            "FRONTEND_URL": "http://127.0.0.1:3000",
        }
        log_path = self.folder / f"serve-{len(self.running)}.log" if stderr is None else None
        command = [sys.executable, "-m", "creditctl", "serve", "--port", "0", "--json"]
        with contextlib.ExitStack() as stack:
            errors = stack.enter_context(log_path.open("w")) if log_path else stderr
            process = subprocess.Popen(
                command, cwd=self.folder, env=environ, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        lines: list[str] = []
        assert process.stdout is not None
        while not lines or lines[-1] not in ("}\n", ""):
            lines.append(process.stdout.readline())
        backend = Backend(process, json.loads("".join(lines)), log_path)
        self.running.append(backend)
        return backend

    def paid_event(self, session_id: str) -> bytes:
        """The bytes of the event that says that a session was paid."""
        assert pay(self.client, session_id, "tok_visa").paid
        events = self.client.v1.events.list(params={"type": "checkout.session.completed"})
        return next(str(event) for event in events.data if event.data.object["id"] == session_id).encode()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self.ledger_path, timeout=patience(10))) as connection:
            return connection.execute(query).fetchall()

    @contextlib.contextmanager
    def ledger_locked(self) -> Iterator[None]:
        """Nobody can write to the ledger for as long as this lasts."""
        with contextlib.closing(sqlite3.connect(self.ledger_path, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")


def stock(client: stripe.StripeClient, catalog: Catalog) -> None:
    """What set-up makes of the packages."""
    for package in catalog:
        client.v1.products.create(params={"id": package.product_id, "name": package.name, "metadata": package.metadata})
        client.v1.prices.create(
            params={
                "product": package.product_id,
                "unit_amount": package.amount,
                "currency": package.currency,
                "lookup_key": package.lookup_key,
                "metadata": package.metadata,
            }
        )


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    from importlib import resources

    from creditctl.core.catalog import parse_catalog

    emulator = Emulator(seed=1)
    with contextlib.closing(emulator), EmulatorServer(emulator) as server:
        http = stripe.RequestsClient()
        url = server.url
        client = client_at(url, http=http)
        stock(client, parse_catalog(resources.files("creditctl.core").joinpath("packages.toml").read_text()))
        town = Town(tmp_path, url, client, [])
        try:
            yield town
        finally:
            for backend in town.running:
                if backend.process.poll() is None:
                    backend.process.kill()
                    backend.process.wait()
                if backend.process.stdout is not None:
                    backend.process.stdout.close()
            http.close()


def session_of(payment_url: str) -> str:
    return payment_url.split("?")[0].split("#")[0].rsplit("/", 1)[-1]
