"""Webhook endpoints and deliveries: who gets what, signed, again, and what is logged."""

import json
import time
from typing import Any

import pytest
import stripe

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from tests.emulator.world import KEY, Receiver, Refused, World

URL = "https://example.com/api/credits/webhook"


def endpoint(world: World, *events: str, **params: Any) -> Any:
    given = {"url": URL, "enabled_events": list(events) or ["*"], **params}
    return world.stripe.webhook_endpoints.create(params=given)


def test_the_secret_is_shown_once(world: World) -> None:
    made = endpoint(world, "checkout.session.completed", description="ours", metadata={"managed_by": "test"})
    assert made.secret.startswith("whsec_")
    assert len(made.secret) == 38
    again = world.stripe.webhook_endpoints.retrieve(made.id)
    assert "secret" not in again
    assert (again.status, again.url, again.metadata.to_dict()) == ("enabled", URL, {"managed_by": "test"})
    assert world.stripe.webhook_endpoints.update(made.id, params={"disabled": True}).status == "disabled"
    assert world.stripe.webhook_endpoints.delete(made.id).deleted is True
    with pytest.raises(stripe.InvalidRequestError) as caught:
        world.stripe.webhook_endpoints.retrieve(made.id)
    assert caught.value.http_status == 404


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"enabled_events": ["checkout.session.done"]}, "enabled_events[0]"),
        ({"url": "not a url"}, "url"),
        ({"api_version": "never"}, None),
        ({"enabled_events": ["*", "charge.refunded"]}, "enabled_events"),
    ],
)
def test_refused_endpoints(world: World, refused: Refused, params: dict[str, Any], param: str | None) -> None:
    error = refused(
        lambda: world.stripe.webhook_endpoints.create(params={"url": URL, "enabled_events": ["*"], **params})
    )
    assert (error.http_status, error.param) == (400, param)


def test_sixteen_at_most(emulated: World, refused: Refused) -> None:
    for _ in range(16):
        endpoint(emulated)
    assert refused(lambda: endpoint(emulated)).http_status == 400


def test_local_urls_only_where_allowed() -> None:
    from creditctl.emulator.protocol.wire import Request

    form = b"url=http://127.0.0.1:8000/hook&enabled_events[]=*"
    headers = {"authorization": "Bearer sk_test_emulator0000000000"}
    for strict, expected in ((False, 200), (True, 400)):
        emulator = Emulator(strict_urls=strict)
        answer = emulator.handle(Request("POST", "/v1/webhook_endpoints", "", headers, form))
        assert answer.status == expected
        emulator.close()


@pytest.fixture
def inside(emulator: Emulator) -> World:
    """A world in process only: its deliveries go where the test says."""
    return World(stripe.StripeClient(KEY, http_client=EmulatorHTTPClient(emulator), max_network_retries=0), emulator)


def test_delivery_is_signed_for_its_endpoint(inside: World, emulator: Emulator, receiver: Receiver) -> None:
    made = endpoint(inside, "product.created")
    other = endpoint(inside, "charge.refunded", url="https://example.com/other")
    product = inside.stripe.products.create(params={"name": "A"})
    assert emulator.pump(send=receiver) == 1
    url, headers, body = receiver.received[0]
    assert url == URL
    event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], made.secret)
    assert event.data.object.id == product.id
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, headers["Stripe-Signature"], other.secret)
    assert body.startswith(b'{\n  "id": "evt_')
    assert headers["User-Agent"].startswith("Stripe/1.0")


def test_failures_are_tried_again(inside: World, emulator: Emulator, receiver: Receiver) -> None:
    endpoint(inside, "product.created")
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
    endpoint(inside, "product.created")
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
    endpoint(inside, "product.created")
    receiver.answers = [302]
    inside.stripe.products.create(params={"name": "A"})
    emulator.pump(send=receiver)
    assert inside.control("GET", "/deliveries")["data"][0]["state"] == "pending"


def test_a_disabled_endpoint_waits(inside: World, emulator: Emulator, receiver: Receiver) -> None:
    made = endpoint(inside, "product.created")
    inside.stripe.products.create(params={"name": "A"})
    inside.stripe.webhook_endpoints.update(made.id, params={"disabled": True})
    inside.stripe.products.create(params={"name": "B"})
    assert emulator.pump(send=receiver) == 0
    inside.stripe.webhook_endpoints.update(made.id, params={"disabled": False})
    assert emulator.pump(send=receiver) == 1
    assert receiver.events[0]["data"]["object"]["name"] == "A"


def test_a_deleted_endpoint_gets_nothing(inside: World, emulator: Emulator, receiver: Receiver) -> None:
    made = endpoint(inside, "product.created")
    inside.stripe.products.create(params={"name": "A"})
    inside.stripe.webhook_endpoints.delete(made.id)
    assert emulator.pump(send=receiver) == 0


def test_resending(inside: World, emulator: Emulator, receiver: Receiver) -> None:
    made = endpoint(inside, "product.created")
    inside.stripe.products.create(params={"name": "A"})
    emulator.pump(send=receiver)
    event = inside.stripe.events.list().data[0]
    from creditctl.emulator.protocol.wire import Request

    headers = {"authorization": "Bearer sk_test_emulator0000000000"}
    path = f"/v1/events/{event.id}/retry"
    answer = emulator.handle(Request("POST", path, "", headers, f"webhook_endpoint={made.id}".encode()))
    assert json.loads(answer.body)["id"] == event.id
    assert emulator.pump(send=receiver) == 1
    assert receiver.events[0] == receiver.events[1] | {"pending_webhooks": 1}


def test_the_receiver_may_call_back(inside: World, emulator: Emulator) -> None:
    endpoint(inside, "product.created")
    seen: list[str] = []

    def send(url: str, headers: Any, body: bytes) -> Any:
        from creditctl.emulator.protocol.wire import Reply

        name = json.loads(body)["data"]["object"]["id"]
        seen.append(inside.stripe.products.retrieve(name).name)
        return Reply(200)

    inside.stripe.products.create(params={"name": "A"})
    assert emulator.pump(send=send) == 1
    assert seen == ["A"]


@pytest.mark.parametrize(
    ("fault", "tried", "pending"),
    [("drop", 0, 1), ("duplicate", 2, 0), ("delay", 0, 1)],
)
def test_hazards(inside: World, emulator: Emulator, receiver: Receiver, fault: str, tried: int, pending: int) -> None:
    endpoint(inside, "product.created")
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
        from creditctl.emulator.protocol.wire import Reply, Request
        from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient

        emulator = Emulator(seed=seed, clock=lambda: 1_790_000_000)
        http = EmulatorHTTPClient(emulator)
        client = stripe.StripeClient("sk_test_emulator0000000000", http_client=http, max_network_retries=0)
        client.v1.webhook_endpoints.create(params={"url": URL, "enabled_events": ["*"]})
        emulator.handle(Request("POST", "/_emulator/faults", "", {}, b'{"kind": "reorder"}'))
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


def test_events_leave_after_thirty_days(emulated: World, refused: Refused) -> None:
    emulated.product()
    event = emulated.stripe.events.list().data[0]
    emulated.advance(30 * 86_400)
    assert len(emulated.stripe.events.list().data) == 1
    emulated.advance(1)
    assert emulated.stripe.events.list().data == []
    assert refused(lambda: emulated.stripe.events.retrieve(event.id)).http_status == 404


def test_over_the_wire(receiver: Receiver) -> None:
    """The loopback door delivers by itself, promptly, to a real receiver."""
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    from creditctl.emulator.transports.server import EmulatorServer

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver(self.path, dict(self.headers.items()), body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    emulator = Emulator()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http, EmulatorServer(emulator) as server:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        bases: Any = dict.fromkeys(("api", "connect", "files", "meter_events"), server.url)
        client = stripe.StripeClient("sk_test_emulator0000000000", base_addresses=bases)
        made = client.v1.webhook_endpoints.create(
            params={"url": f"http://127.0.0.1:{http.server_port}/hook", "enabled_events": ["customer.created"]}
        )
        client.v1.customers.create(params={"email": "a@example.com"})
        deadline = time.monotonic() + 5
        while not receiver.received and time.monotonic() < deadline:
            time.sleep(0.005)
        _, headers, body = receiver.received[0]
        assert stripe.Webhook.construct_event(body, headers["Stripe-Signature"], made.secret).type == "customer.created"
        while client.v1.events.list().data[0].pending_webhooks and time.monotonic() < deadline:
            time.sleep(0.005)
        assert client.v1.events.list().data[0].pending_webhooks == 0
        http.shutdown()
        thread.join()
    emulator.close()
