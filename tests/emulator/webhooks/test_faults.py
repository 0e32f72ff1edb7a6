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


def test_a_fault_bound_to_a_session_strikes_what_belongs_to_it_and_nothing_else(
    inside: World, emulator: Emulator, receiver: Receiver
) -> None:
    inside.endpoint("checkout.session.completed", "charge.refunded")
    lost, kept = inside.session(), inside.session()
    inside.control("POST", "/faults", kind="drop", object=lost.id)
    for session in (lost, kept):
        inside.complete(session, inside.method())
        paid = inside.stripe.checkout.sessions.retrieve(session.id)
        inside.stripe.refunds.create(params={"payment_intent": paid.payment_intent})
    emulator.pump(send=receiver)

    assert {event["data"]["object"]["id"] for event in receiver.events if "session" in event["type"]} == {kept.id}
    assert receiver.types == ["checkout.session.completed", "charge.refunded"]
    assert [row["hits"] for row in inside.control("GET", "/faults")["data"]] == [2]


def test_a_fault_bound_to_a_user_strikes_from_the_first_event_on(
    inside: World, emulator: Emulator, receiver: Receiver
) -> None:
    inside.endpoint("checkout.session.completed", "payment_intent.created")
    inside.control("POST", "/faults", kind="duplicate", user="user_7")
    for user in ("user_7", "user_8"):
        inside.buy(client_reference_id=user)
    emulator.pump(send=receiver)

    assert len(receiver.types) == 2 * 2 + 2


def test_a_refused_attempt_never_reaches_the_receiver_and_is_tried_again(
    inside: World, emulator: Emulator, receiver: Receiver
) -> None:
    inside.endpoint("checkout.session.completed")
    session = inside.session()
    inside.control("POST", "/faults", kind="refuse", object=session.id, status=503, count=1)
    inside.complete(session, inside.method())
    emulator.pump(send=receiver)
    assert receiver.types == []
    [row] = inside.control("GET", "/deliveries")["data"]
    assert (row["state"], row["attempts"][0]["status"]) == ("pending", 503)
    assert "fault" in row["attempts"][0]["error"]

    inside.advance(600)
    emulator.pump(send=receiver)
    assert receiver.types == ["checkout.session.completed"]


def test_an_omitted_event_is_neither_delivered_nor_listed_but_its_object_is_there(
    inside: World, emulator: Emulator, receiver: Receiver
) -> None:
    inside.endpoint()
    session = inside.session(client_reference_id="user_7")
    inside.control("POST", "/faults", kind="omit", user="user_7", event="checkout.session.*")
    inside.complete(session, inside.method())
    emulator.pump(send=receiver)

    assert "checkout.session.completed" not in [*receiver.types, *inside.event_types()]
    assert "payment_intent.succeeded" in receiver.types
    assert inside.stripe.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_answers_are_faulty_for_one_object_only(inside: World, refused: Refused) -> None:
    bad, good = inside.buy(), inside.buy()
    inside.control("POST", "/faults", kind="status", status=503, object=bad.id)

    assert refused(lambda: inside.stripe.checkout.sessions.retrieve(bad.id)).http_status == 503
    refunding = {"payment_intent": bad.payment_intent}
    assert refused(lambda: inside.stripe.refunds.create(params=refunding)).http_status == 503
    assert inside.stripe.checkout.sessions.retrieve(good.id).id == good.id


def test_a_user_of_another_account_is_another_user(emulator: Emulator) -> None:
    def account(key: str) -> World:
        http = EmulatorHTTPClient(emulator)
        return World(stripe.StripeClient(key, http_client=http, max_network_retries=0), emulator)

    mine, theirs = account(TEST_KEY), account("sk_test_someoneelse00000")
    mine.product()
    theirs.product()
    mine.control("POST", "/faults", kind="omit", user="user_7", event="checkout.session.*")

    for world, seen in ((mine, 0), (theirs, 1)):
        world.buy(client_reference_id="user_7")
        assert world.event_types().count("checkout.session.completed") == seen


def test_scenarios_side_by_side_draw_the_same_chance_as_alone() -> None:
    def lost(users: tuple[str, ...]) -> list[str]:
        emulator = Emulator(seed=3, clock=lambda: NOW)
        world = World(stripe.StripeClient(TEST_KEY, http_client=EmulatorHTTPClient(emulator)), emulator)
        price = world.price().id
        for user in users:
            world.control(
                "POST", "/faults", kind="omit", event="checkout.session.completed", user=user, probability=0.5
            )
        seen = []
        for number in range(6):
            for user in users:
                item = {"price": price, "quantity": 1}
                session = world.session(client_reference_id=user, line_items=[item], metadata={"n": f"{user}:{number}"})
                world.complete(session, world.method())
        events = world.stripe.events.list(params={"type": "checkout.session.completed", "limit": 100}).data
        seen = sorted(event.data.object.metadata["n"] for event in events)
        emulator.close()
        return [name for name in seen if name.startswith("a:")]

    assert lost(("a",)) == lost(("a", "b", "c"))
    assert 0 < len(lost(("a",))) < 6


def test_the_faults_of_one_scenario_are_lifted_alone(inside: World) -> None:
    paid = inside.buy()
    inside.control("POST", "/faults", kind="drop", object=paid.id)
    inside.control("POST", "/faults", kind="drop", user="user_7")
    inside.control("POST", "/faults", kind="drop")

    assert inside.control("DELETE", "/faults", object=paid.id) == {"removed": 1}
    assert [row["user"] for row in inside.control("GET", "/faults")["data"]] == ["user_7", None]


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"kind": "drop", "object": "cs_test_none"}, "object"),
        ({"kind": "drop", "user_key": "metadata.a"}, "user_key"),
        ({"kind": "drop", "user": "1", "user_key": "email"}, "user_key"),
        ({"kind": "drop", "path": "/v1/charges"}, "path"),
        ({"kind": "status", "event": "charge.*"}, "event"),
    ],
)
def test_a_fault_that_could_never_strike_is_refused(inside: World, params: dict[str, Any], name: str) -> None:
    inside.product()
    status, answer = inside.control_status("POST", "/faults", **params)

    assert (status in (400, 404), answer["error"]["param"]) == (True, name)
    assert inside.control("GET", "/faults")["data"] == []
