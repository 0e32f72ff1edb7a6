"""A webhook on a real ledger file, and events as Stripe renders them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest
import stripe

from creditctl.core.catalog import Catalog, Package
from creditctl.core.errors import Unreachable
from creditctl.core.keys import Secret
from creditctl.fulfilment.webhook import Receipt, Webhook
from creditctl.ledger.store import Ledger
from tests.support.clock import NOW, Clock
from tests.support.ledger_calls import read

SECRET = "whsec_exampleexample"
OLD_SECRET = "whsec_theoneofbefore"
CATALOG = Catalog(
    (
        Package(1, "starter", "Starter", 1000, 1000, "usd"),
        Package(2, "basic", "Basic", 5500, 4500, "usd"),
    )
)


class FakeReads:
    """Stripe's answers, from two dictionaries; what is in neither cannot be read."""

    def __init__(self) -> None:
        self.items: dict[str, list[dict[str, Any]]] = {}
        self.by_charge: dict[str, list[dict[str, Any]]] = {}
        self.charges_of: dict[str, list[dict[str, Any]]] = {}
        self.products: dict[str, dict[str, Any]] = {}
        self.all_prices: list[dict[str, Any]] = []

    def line_items(self, session_id: str) -> Sequence[Mapping[str, Any]]:
        return _answer(self.items, session_id)

    def product(self, product_id: str) -> Mapping[str, Any] | None:
        return self.products.get(product_id)

    def price(self, price_id: str) -> Mapping[str, Any] | None:
        return next((each for each in self.all_prices if each["id"] == price_id), None)

    def prices(self, *, product: str | None = None, lookup_key: str | None = None) -> Sequence[Mapping[str, Any]]:
        return [
            each
            for each in self.all_prices
            if product in (None, each["product"])
            if lookup_key in (None, each.get("lookup_key"))
        ]

    def charges(self, payment_intent_id: str) -> Sequence[Mapping[str, Any]]:
        return _answer(self.charges_of, payment_intent_id)

    def refunds(self, charge_id: str) -> Sequence[Mapping[str, Any]]:
        return _answer(self.by_charge, charge_id)


def _answer(answers: dict[str, list[dict[str, Any]]], key: str) -> Sequence[Mapping[str, Any]]:
    if key not in answers:
        raise Unreachable("Stripe did not answer in full.", code="stripe.unreachable")
    return answers[key]


class Events:
    """Makes events as Stripe renders them; ids count up, and each takes one second."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.created = NOW - 1000

    def event(self, type: str, object: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
        self.created += 1
        event = {
            "id": f"evt_{next(self._numbers)}",
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": self.created,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": type,
            "data": {"object": dict(object)},
        }
        return event | changes

    def session(self, n: int = 1, type: str = "completed", **changes: Any) -> dict[str, Any]:
        session = {
            "object": "checkout.session",
            "id": f"cs_test_{n}",
            "mode": "payment",
            "status": "complete",
            "payment_status": "paid",
            "amount_subtotal": 1000,
            "amount_total": 1000,
            "currency": "usd",
            "payment_intent": f"pi_{n}",
            "client_reference_id": f"user{n}",
            "metadata": {
                "managed_by": "creditctl",
                "user_id": f"user{n}",
                "package": "starter",
                "credits": "1000",
            },
            "livemode": False,
            "created": NOW - 2000,
            "customer_details": {"email": "jenny@example.com", "name": "Jenny Rosen"},
        }
        return self.event(f"checkout.session.{type}", session | changes)

    def refund(
        self, type: str, name: str, amount: int, status: str = "succeeded", n: int = 1, **changes: Any
    ) -> dict[str, Any]:
        return self.event(f"refund.{type}", self.refund_object(name, amount, status, n) | changes)

    def refund_object(self, name: str, amount: int, status: str = "succeeded", n: int = 1) -> dict[str, Any]:
        return {
            "object": "refund",
            "id": name,
            "payment_intent": f"pi_{n}",
            "charge": f"ch_{n}",
            "amount": amount,
            "currency": "usd",
            "status": status,
            "created": NOW - 1500,
        }

    def charge_refunded(self, n: int = 1, amount_refunded: int = 0) -> dict[str, Any]:
        charge = {"object": "charge", "id": f"ch_{n}", "amount": 1000, "amount_refunded": amount_refunded}
        return self.event("charge.refunded", {**charge, "payment_intent": f"pi_{n}", "currency": "usd"})

    def dispute(
        self, type: str, status: str, *moves: int, name: str = "dp_1", amount: int = 1000, n: int = 1
    ) -> dict[str, Any]:
        """Shape: `moves` are the balance transactions shown, as signed amounts."""
        shown = [
            {"object": "balance_transaction", "id": f"txn_{name}_{i}", "amount": move, "currency": "usd"}
            for i, move in enumerate(moves)
        ]
        dispute = {
            "object": "dispute",
            "id": name,
            "payment_intent": f"pi_{n}",
            "charge": f"ch_{n}",
            "amount": amount,
            "currency": "usd",
            "status": status,
            "created": NOW - 1400,
            "balance_transactions": shown,
        }
        return self.event(f"charge.dispute.{type}", dispute)


def sign(body: bytes, secret: str = SECRET, at: int = NOW) -> str:
    """The header that Stripe would send."""
    header: str = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, timestamp=at)
    return header


class Signer(Protocol):
    """Signs a body as Stripe does: `signer(body, secret=…, at=…)`."""

    def __call__(self, body: bytes, secret: str = ..., at: int = ...) -> str: ...


class World:
    """A ledger with a webhook before it."""

    def __init__(self, path: Path) -> None:
        self.clock = Clock()
        self.reads = FakeReads()
        self.events = Events()
        self.path = path
        # These tests cut no power, so that nothing need wait for the disk.
        self.ledger = Ledger.open(
            path,
            account="acct_1",
            livemode=False,
            clock=self.clock,
            on_connect=lambda connection: connection.execute("PRAGMA synchronous = OFF"),
        )
        self.webhook = self.webhook_on(self.ledger)

    def webhook_on(self, ledger: Ledger) -> Webhook:
        return Webhook(
            ledger=ledger,
            stripe=self.reads,
            secrets=(Secret(SECRET), Secret(OLD_SECRET)),
            catalog=CATALOG,
            account="acct_1",
            livemode=False,
            clock=self.clock,
        )

    def deliver(self, event: Mapping[str, Any]) -> Receipt:
        body = json.dumps(event).encode()
        return self.webhook.receive(body, sign(body))

    def outcomes(self, *events: Mapping[str, Any]) -> list[str]:
        return [self.deliver(event).outcome for event in events]

    def balances(self) -> dict[str, int]:
        return {balance.user_id: balance.credits for balance in read(self.ledger).balances()}


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[[], World]]:
    """Makes worlds, each with a ledger file of its own."""
    worlds: list[World] = []

    def make() -> World:
        worlds.append(World(tmp_path / f"ledger{len(worlds)}.db"))
        return worlds[-1]

    yield make
    for world in worlds:
        world.ledger.close()


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    """A webhook on an empty ledger."""
    return make_world()


@pytest.fixture
def events() -> Events:
    """Makes events."""
    return Events()


@pytest.fixture
def signer() -> Signer:
    """Signs a body as Stripe does: `signer(body, secret=…, at=…)`."""
    return sign
