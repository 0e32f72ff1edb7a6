"""Deliveries: who gets an event, signed how, tried again when, and what is logged."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
import stripe

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Reply
from tests.emulator.world import ENDPOINT_URL, Receiver, World


def test_delivery_is_signed_for_its_endpoint(inside: World, emulator: Emulator, receiver: Receiver) -> None:
    made = inside.endpoint("product.created")
    other = inside.endpoint("charge.refunded", url="https://example.com/other")
    product = inside.stripe.products.create(params={"name": "A"})
    assert emulator.pump(send=receiver) == 1
    url, headers, body = receiver.received[0]
    assert url == ENDPOINT_URL
    event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], made.secret)
    assert event.data.object.id == product.id
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, headers["Stripe-Signature"], other.secret)
    assert body.startswith(b'{\n  "id": "evt_')
    assert headers["User-Agent"].startswith("Stripe/1.0")


def test_failures_are_tried_again(inside: World, emulator: Emulator, receiver: Receiver) -> None:
    inside.endpoint("product.created")
    receiver.answers = [500, OSError("connection refused"), 204]
    inside.stripe.products.create(params={"name": "A"})
    now = emulator.now()
    assert emulator.pump(send=receiver) == 1
    assert inside.stripe.events.list().data[0].pending_webhooks == 1
    assert emulator.pump(send=receiver) == 0
    assert emulator.pump(now + 600, send=receiver) == 1
    assert emulator.pump(now + 600 + 7200, send=receiver) == 1
    event = inside.stripe.events.list().data[0]
    assert event.pending_webhooks == 0
    assert len({json.dumps(sent["id"]) for sent in receiver.events}) == 1
    logged = inside.control("GET", "/deliveries")["data"][0]
    assert [attempt["status"] for attempt in logged["attempts"]] == [500, None, 204]
    assert "connection refused" in logged["attempts"][1]["error"]
    assert logged["state"] == "delivered"


def test_three_tries_in_test_mode(inside: World, emulator: Emulator, receiver: Receiver) -> None:
    inside.endpoint("product.created")
    receiver.answers = [500] * 9
    inside.stripe.products.create(params={"name": "A"})
    total = sum(emulator.pump(emulator.now() + hours * 3600, send=receiver) for hours in range(0, 200, 3))
    assert total == 3
    undelivered = inside.stripe.events.list(params={"delivery_success": False})
    assert [event.type for event in undelivered.data] == ["product.created"]
    assert inside.control("GET", "/deliveries")["data"][0]["state"] == "failed"
    delivered = inside.stripe.events.list(params={"delivery_success": True})
    assert delivered.data == []


def test_redirects_are_failures(inside: World, emulator: Emulator, receiver: Receiver) -> None:
    inside.endpoint("product.created")
    receiver.answers = [302]
    inside.stripe.products.create(params={"name": "A"})
    emulator.pump(send=receiver)
    assert inside.control("GET", "/deliveries")["data"][0]["state"] == "pending"


def test_a_disabled_endpoint_waits(inside: World, emulator: Emulator, receiver: Receiver) -> None:
    made = inside.endpoint("product.created")
    inside.stripe.products.create(params={"name": "A"})
    inside.stripe.webhook_endpoints.update(made.id, params={"disabled": True})
    inside.stripe.products.create(params={"name": "B"})
    assert emulator.pump(send=receiver) == 0
    inside.stripe.webhook_endpoints.update(made.id, params={"disabled": False})
    assert emulator.pump(send=receiver) == 1
    assert receiver.events[0]["data"]["object"]["name"] == "A"


def test_a_deleted_endpoint_gets_nothing(inside: World, emulator: Emulator, receiver: Receiver) -> None:
    made = inside.endpoint("product.created")
    inside.stripe.products.create(params={"name": "A"})
    inside.stripe.webhook_endpoints.delete(made.id)
    assert emulator.pump(send=receiver) == 0


def test_the_receiver_may_call_back(inside: World, emulator: Emulator) -> None:
    inside.endpoint("product.created")
    seen: list[str] = []

    def send(url: str, headers: Any, body: bytes) -> Any:
        name = json.loads(body)["data"]["object"]["id"]
        seen.append(inside.stripe.products.retrieve(name).name)
        return Reply(200)

    inside.stripe.products.create(params={"name": "A"})
    assert emulator.pump(send=send) == 1
    assert seen == ["A"]


def test_a_delivery_says_what_a_get_says_while_it_is_sent(inside: World, emulator: Emulator) -> None:
    """`pending_webhooks` counts who is without the event as it goes out, also for the second of two endpoints."""
    for path in ("one", "two"):
        inside.endpoint("product.created", url=f"https://example.com/{path}")
    inside.stripe.products.create(params={"name": "A"})
    seen: list[tuple[int, int]] = []

    def send(url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        event = json.loads(body)
        seen.append((event["pending_webhooks"], inside.stripe.events.retrieve(event["id"]).pending_webhooks))
        return Reply(200)

    assert emulator.pump(send=send) == 2
    assert seen == [(2, 2), (1, 1)]
