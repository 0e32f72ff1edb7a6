"""One set of tests, two doors: the handler in process and the same handler on a loopback port.

With CREDITCTL_TEST_STRIPE_BASE and CREDITCTL_TEST_STRIPE_KEY the tests that need no emulator-only control run against
that server instead, Stripe's own test mode included.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import stripe

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Reply, Request
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.emulator.transports.server import EmulatorServer

KEY = "sk_test_emulator0000000000"
START = 1_790_000_000
OUTSIDE = os.environ.get("CREDITCTL_TEST_STRIPE_BASE", "")
DOORS = ["outside"] if OUTSIDE else ["in process", "loopback"]


@dataclass
class World:
    """A Stripe to talk to, and where it is the emulator also its controls."""

    client: stripe.StripeClient
    emulator: Emulator | None = None
    url: str = ""

    @property
    def stripe(self) -> Any:
        """The SDK's v1 namespace."""
        return self.client.v1

    def control(self, method: str, path: str, key: str = KEY, /, **params: Any) -> Any:
        """Use the control API; answers the decoded JSON, refusals included."""
        return self.control_status(method, path, key, **params)[1]

    def control_status(self, method: str, path: str, key: str = KEY, /, **params: Any) -> tuple[int, Any]:
        assert self.emulator is not None
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        body = json.dumps(params).encode() if params else b""
        response = self.emulator.handle(Request(method, f"/_emulator{path}", "", headers, body))
        return response.status, json.loads(response.body)

    def advance(self, seconds: int) -> None:
        self.control("POST", "/clock", advance=seconds)

    def product(self, **params: Any) -> Any:
        return self.stripe.products.create(params={"name": "Starter", **params})

    def price(self, **params: Any) -> Any:
        given = {"currency": "usd", "unit_amount": 1000, **params}
        given.setdefault("product", self.product().id)
        return self.stripe.prices.create(params=given)

    def session(self, **params: Any) -> Any:
        given = {"mode": "payment", "success_url": "https://example.com/ok?session_id={CHECKOUT_SESSION_ID}", **params}
        if "line_items" not in given:
            given["line_items"] = [{"price": self.price().id, "quantity": 1}]
        return self.stripe.checkout.sessions.create(params=given)

    def method(self, token: str = "tok_visa", **params: Any) -> Any:
        return self.stripe.payment_methods.create(params={"type": "card", "card": {"token": token}, **params})

    def complete(self, session: Any, method: Any, **params: Any) -> Any:
        """Finish a session the way the official CLI does."""
        given = {"payment_method": method.id, "expected_amount": session.amount_total, **params}
        path = f"/v1/payment_pages/{session.id}"
        self.client.raw_request("get", path)
        return self.client.raw_request("post", f"{path}/confirm", **given).data

    def buy(self, token: str = "tok_visa", **params: Any) -> Any:
        """A session, completed; answers it as it is then."""
        session = self.session(**params)
        self.complete(session, self.method(token, billing_details={"email": "buyer@example.com"}))
        return self.stripe.checkout.sessions.retrieve(session.id)

    def pay(self, token: str = "pm_card_visa", **params: Any) -> Any:
        """A payment intent, confirmed at once."""
        given = {"amount": 1000, "currency": "usd", "confirm": True, "payment_method": token, **params}
        given.setdefault("automatic_payment_methods", {"enabled": True, "allow_redirects": "never"})
        return self.stripe.payment_intents.create(params=given)

    def event_types(self, since: int = 0, **params: Any) -> list[str]:
        """The types of the events, oldest first, without the `since` oldest."""
        events = self.stripe.events.list(params={"limit": 100, **params})
        return [event.type for event in reversed(list(events.auto_paging_iter()))][since:]


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[Emulator, str]]:
    """One emulator on a loopback port; whoever uses it empties it first."""
    emulator = Emulator(clock=lambda: START)
    with EmulatorServer(emulator) as server:
        yield emulator, server.url
    emulator.close()


@pytest.fixture(params=DOORS)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """An empty Stripe behind one door."""
    with ExitStack() as stack:
        if request.param == "outside":
            key = os.environ["CREDITCTL_TEST_STRIPE_KEY"]
            yield World(_client(key, OUTSIDE))
            return
        if request.param == "in process":
            emulator = Emulator(clock=lambda: START)
            stack.callback(emulator.close)
            http = EmulatorHTTPClient(emulator)
            yield World(stripe.StripeClient(KEY, http_client=http, max_network_retries=0), emulator)
            return
        emulator, url = request.getfixturevalue("served")
        emulator.reset()
        yield World(_client(KEY, url), emulator, url)


def _client(key: str, url: str) -> stripe.StripeClient:
    bases: Any = dict.fromkeys(("api", "connect", "files", "meter_events"), url)
    return stripe.StripeClient(key, base_addresses=bases, max_network_retries=0)


@pytest.fixture
def emulated(world: World) -> World:
    """A world whose clock, deliveries and buyers the test controls: only an emulator has those."""
    if world.emulator is None:
        pytest.skip("needs the emulator's controls")
    return world


@dataclass
class Inside:
    """The handler alone, with a key, for tests of what no SDK would send."""

    emulator: Emulator
    key: str = KEY

    def __call__(
        self, method: str, path: str, form: str = "", *, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, dict[str, str]]:
        query, body = (form, b"") if method == "GET" else ("", form.encode())
        given = {"authorization": f"Bearer {self.key}", **(headers or {})}
        response = self.emulator.handle(Request(method, path, query, given, body))
        return response.status, json.loads(response.body), response.headers


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An empty emulator on a clock that stands still."""
    made = Emulator(clock=lambda: START)
    yield made
    made.close()


@pytest.fixture
def ask(emulator: Emulator) -> Inside:
    """Requests straight to the handler."""
    return Inside(emulator)


class Receiver:
    """A webhook receiver without a socket: it answers what it was programmed to, then 200."""

    def __init__(self) -> None:
        self.received: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int | Exception] = []

    def __call__(self, url: str, headers: Any, body: bytes) -> Reply:
        self.received.append((url, dict(headers), body))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return Reply(answer)

    @property
    def events(self) -> list[Any]:
        return [json.loads(body) for _, _, body in self.received]

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def refused() -> Callable[[Callable[[], Any]], Any]:
    """Call something that Stripe must refuse; answers the SDK's error."""

    def check(action: Callable[[], Any]) -> Any:
        with pytest.raises(stripe.StripeError) as caught:
            action()
        return caught.value

    return check
