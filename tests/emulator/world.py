"""What the tests of the emulator are given: a Stripe through the SDK, the handler alone, a webhook receiver.

What the SDK answers is `Any`, on purpose: tests read it by attribute, as applications do, and whether an attribute is
there is what they prove.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import stripe

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Reply, Request
from tests.support.keys import TEST_KEY

ENDPOINT_URL = "https://example.com/api/credits/webhook"
Refused = Callable[[Callable[[], object]], Any]
"""Calls something that Stripe must refuse and answers the SDK's error."""


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

    def control(self, method: str, path: str, key: str = TEST_KEY, /, **params: Any) -> Any:
        """Use the control API; answers the decoded JSON, refusals included."""
        return self.control_status(method, path, key, **params)[1]

    def control_status(self, method: str, path: str, key: str = TEST_KEY, /, **params: Any) -> tuple[int, Any]:
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

    def endpoint(self, *events: str, **params: Any) -> Any:
        """A webhook endpoint for these types, or for all."""
        given = {"url": ENDPOINT_URL, "enabled_events": list(events) or ["*"], **params}
        return self.stripe.webhook_endpoints.create(params=given)

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


@dataclass
class Inside:
    """The handler alone, with a key, for tests of what no SDK would send."""

    emulator: Emulator
    key: str = TEST_KEY

    def __call__(
        self, method: str, path: str, form: str = "", *, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, dict[str, str]]:
        query, body = (form, b"") if method == "GET" else ("", form.encode())
        given = {"authorization": f"Bearer {self.key}", **(headers or {})}
        response = self.emulator.handle(Request(method, path, query, given, body))
        return response.status, json.loads(response.body), response.headers

    def price(self, product: str, amount: str) -> str:
        """The id of a new price of a new product; `amount` is a parameter, such as `unit_amount=1000`."""
        self("POST", "/v1/products", f"name={product}&id={product}")
        made: str = self("POST", "/v1/prices", f"product={product}&currency=usd&{amount}")[1]["id"]
        return made

    def session(self, price: str, quantity: int, more: str = "") -> tuple[int, Any]:
        """A new Checkout Session for so many of a price: status and body."""
        item = f"line_items[0][price]={price}&line_items[0][quantity]={quantity}"
        status, body, _ = self(
            "POST", "/v1/checkout/sessions", f"mode=payment&success_url=https://a.example&{item}{more}"
        )
        return status, body

    def control(self, path: str, /, **params: Any) -> tuple[int, Any]:
        """POST to the control API: status and body."""
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        body = json.dumps(params).encode()
        answer = self.emulator.handle(Request("POST", f"/_emulator{path}", "", headers, body))
        return answer.status, json.loads(answer.body)


def control(emulator: Emulator, method: str, path: str, /, **params: Any) -> Any:
    """Use the control API of an emulator: the body of the answer, refusals included."""
    headers = {"authorization": f"Bearer {TEST_KEY}", "content-type": "application/json"}
    body = json.dumps(params).encode() if params else b""
    return json.loads(emulator.handle(Request(method, f"/_emulator{path}", "", headers, body)).body)


def sums(stripe: Any) -> Counter[tuple[str, str]]:
    """The net of all balance transactions by currency and status; each adds up in itself."""
    found: Counter[tuple[str, str]] = Counter()
    for entry in stripe.balance_transactions.list(params={"limit": 100}).auto_paging_iter():
        assert entry.net == entry.amount - entry.fee
        assert entry.fee == sum(part.amount for part in entry.fee_details)
        found[entry.currency, entry.status] += entry.net
    return found


def assert_adds_up(stripe: Any) -> None:
    """The balance is the sum of its transactions, to the cent."""
    balance, found = stripe.balance.retrieve(), sums(stripe)
    for part in ("available", "pending"):
        for money in getattr(balance, part):
            assert money.amount == found[money.currency, part], (part, money)


class Receiver:
    """A webhook receiver without a socket: it answers what it was programmed to, then 200."""

    def __init__(self) -> None:
        self.received: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int | Exception] = []

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
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
