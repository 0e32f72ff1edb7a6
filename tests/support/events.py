"""A Stripe with events in it, a mirror beside nothing, and a receiver of webhooks that does as it is told."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import stripe

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.ledger.archive.store import Archive
from creditctl.stripe_api.retry import RetryPolicy
from creditctl.stripe_api.transport import RetryingTransport

TEST_KEY = "sk_test_emulator0000000000"
ACCOUNT = "acct_example"


@dataclass
class StripeWithEvents:
    """The emulator through the official SDK, with a way to make many events quickly."""

    emulator: Emulator
    clock: Any
    client: stripe.StripeClient
    transport: RetryingTransport

    def events(self, count: int, *, every_seconds: int = 1) -> list[str]:
        """Makes events (of products), the clock moving on; returns their ids, oldest first."""
        for _ in range(count):
            self.client.v1.products.create(params={"name": "An example"})
            self.clock.now += every_seconds
        return self.ids()[-count:]

    def ids(self, **filters: Any) -> list[str]:
        """The ids of all events that Stripe lists, oldest first, read by the SDK itself."""
        listed = self.client.v1.events.list(params={"limit": 100, **filters})  # type: ignore[typeddict-item]
        return [event.id for event in listed.auto_paging_iter()][::-1]

    @property
    def faults(self) -> list[int | None]:
        """The statuses of the next answers about events, None for a cut connection; a last one of -1 stays for ever."""
        inner = self.transport._inner
        assert isinstance(inner, FaultyClient)
        return inner.faults


class FaultyClient(EmulatorHTTPClient):
    """The emulator in process, whose answers about events fail as planned."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__(emulator)
        self.faults: list[int | None] = []

    def request(
        self, method: str, url: str, headers: Any, post_data: Any = None, *, _usage: Any = None
    ) -> tuple[str, int, Any]:
        if not self.faults or "/v1/events" not in url:
            return super().request(method, url, headers, post_data)
        status = self.faults[0] if self.faults[0] == -1 else self.faults.pop(0)
        if status is None:
            raise stripe.APIConnectionError("cut", should_retry=True)
        return '{"error": {"message": "planned"}}', 500 if status == -1 else status, {}


def connect(emulator: Emulator, key: str = TEST_KEY) -> tuple[stripe.StripeClient, RetryingTransport]:
    """The SDK's client on the emulator, with our retries under it."""
    transport = RetryingTransport(
        FaultyClient(emulator),
        sleep=lambda _seconds: None,
        chance=lambda: 0.5,
        policy=RetryPolicy(),
        audit=None,
        writes_locked=False,
    )
    return stripe.StripeClient(key, http_client=transport, max_network_retries=0), transport


@pytest.fixture
def new_stripe(clock: Any) -> Iterator[Callable[..., StripeWithEvents]]:
    """Makes a Stripe of its own, empty, on the test's clock."""
    with contextlib.ExitStack() as stack:

        def make(emulator: Emulator | None = None, key: str = TEST_KEY) -> StripeWithEvents:
            built = emulator or Emulator(clock=clock, seed=1)
            stack.callback(built.close)
            return StripeWithEvents(built, clock, *connect(built, key))

        yield make


@pytest.fixture
def stripe_events(emulator: Emulator, clock: Any) -> StripeWithEvents:
    return StripeWithEvents(emulator, clock, *connect(emulator))


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "ledger-mirror.db", account=ACCOUNT, livemode=False) as built:
        yield built


@dataclass
class Receiver:
    """An HTTP server that keeps what it gets and answers by `decide(event) -> status`; None cuts the connection."""

    url: str = ""
    got: list[dict[str, Any]] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    decide: Callable[[dict[str, Any]], int | None] = lambda _event: 200

    @property
    def ids(self) -> list[str]:
        """The ids of the events in the order in which they came."""
        return [event["id"] for event in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    built = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            event = json.loads(body)
            built.got.append(event)
            built.bodies.append(body)
            built.signatures.append(self.headers["Stripe-Signature"])
            status = built.decide(event)
            if status is None:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    built.url = f"http://127.0.0.1:{server.server_address[1]}/api/credits/webhook"
    yield built
    server.shutdown()
    server.server_close()
    thread.join()
