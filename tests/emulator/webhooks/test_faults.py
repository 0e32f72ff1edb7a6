"""Faults on purpose, of answers and of deliveries."""

import json
from typing import Any

import pytest
import stripe

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Reply, Request
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from tests.emulator.world import ENDPOINT_URL, Receiver, Refused, World, control
from tests.support.clock import NOW
from tests.support.keys import TEST_KEY


@pytest.mark.parametrize(
    ("fault", "tried", "pending"),
    [("drop", 0, 1), ("duplicate", 2, 0), ("delay", 0, 1)],
)
def test_hazards(inside: World, emulator: Emulator, receiver: Receiver, fault: str, tried: int, pending: int) -> None:
    inside.endpoint("product.created")
    inside.control("POST", "/faults", kind=fault, event="product.*", count=1, seconds=30)
    inside.stripe.products.create(params={"name": "A"})
    assert emulator.pump(send=receiver) == tried
    assert inside.stripe.events.list().data[0].pending_webhooks == pending
    inside.stripe.products.create(params={"name": "B"})
    assert emulator.pump(send=receiver) == 1
    if fault == "delay":
        assert emulator.pump(emulator.now() + 30, send=receiver) == 1


def test_reordering_is_repeatable() -> None:
    def deliver(seed: int) -> list[str]:
        emulator = Emulator(seed=seed, clock=lambda: NOW)
        http = EmulatorHTTPClient(emulator)
        client = stripe.StripeClient(TEST_KEY, http_client=http, max_network_retries=0)
        client.v1.webhook_endpoints.create(params={"url": ENDPOINT_URL, "enabled_events": ["*"]})
        control(emulator, "POST", "/faults", kind="reorder")
        for name in "ABCDEF":
            client.v1.products.create(params={"name": name})
        names: list[str] = []

        def send(url: str, headers: Any, body: bytes) -> Reply:
            names.append(json.loads(body)["data"]["object"]["name"])
            return Reply(200)

        emulator.pump(send=send)
        emulator.close()
        return names

    assert deliver(7) == deliver(7)
    assert sorted(deliver(7)) == list("ABCDEF")
    assert deliver(7) != list("ABCDEF")


def test_faults_by_status_and_count(world: World, refused: Refused) -> None:
    if world.emulator is None:
        pytest.skip("needs the emulator's controls")
    world.control("POST", "/faults", kind="status", status=503, path="/v1/products", count=1)
    error = refused(lambda: world.product())
    assert (error.http_status, type(error)) == (503, stripe.APIError)
    assert world.product().name == "Starter"


@pytest.mark.parametrize(("kind", "made"), [("cut_before", 0), ("cut_after", 1)])
def test_a_cut_connection(emulated: World, refused: Refused, kind: str, made: int) -> None:
    emulated.control("POST", "/faults", kind=kind, method="POST", path="/v1/customers", count=1)
    error = refused(lambda: emulated.stripe.customers.create(options={"idempotency_key": "once"}))
    assert isinstance(error, stripe.APIConnectionError)
    assert len(emulated.stripe.customers.list().data) == made
    emulated.stripe.customers.create(options={"idempotency_key": "once"})
    assert len(emulated.stripe.customers.list().data) == 1


def test_latency_is_the_doors_to_wait(emulator: Emulator) -> None:
    control(emulator, "POST", "/faults", kind="latency", seconds=0.25)
    answer = emulator.handle(Request("GET", "/v1/products", "", {"authorization": f"Bearer {TEST_KEY}"}))
    assert (answer.status, answer.delay_seconds) == (200, 0.25)
