"""Holds: deliveries of one object or user wait until they are let go, and go one after the other."""

import json
from pathlib import Path
from typing import Any

import pytest
import stripe

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Reply
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from tests.emulator.world import ENDPOINT_URL, Receiver, World
from tests.support.keys import TEST_KEY

WANTED = ("checkout.session.completed", "payment_intent.succeeded", "charge.refunded", "refund.created")


def held_purchase(world: World, **binding: str) -> Any:
    """A purchase of user_7 and its refund, while its deliveries are kept."""
    world.endpoint(*WANTED)
    session = world.session(client_reference_id="user_7")
    world.control("POST", "/holds", **(binding or {"object": session.id}))
    world.complete(session, world.method())
    paid = world.stripe.checkout.sessions.retrieve(session.id)
    world.stripe.refunds.create(params={"payment_intent": paid.payment_intent})
    return paid


def types(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["type"] for entry in entries]


@pytest.mark.parametrize("binding", [{}, {"user": "user_7"}])
def test_deliveries_wait_until_they_are_let_go_in_an_order(
    inside: World, emulator: Emulator, receiver: Receiver, binding: dict[str, str]
) -> None:
    held_purchase(inside, **binding)
    assert emulator.pump(send=receiver) == 0
    [hold] = inside.control("GET", "/holds")["data"]
    assert sorted(types(hold["held"])) == sorted(WANTED)
    assert "checkout.session.completed" in inside.event_types()

    order = ["charge.refunded", "checkout.session.completed"]
    done = inside.control("POST", f"/holds/{hold['id']}/release", order=order)
    assert (types(done["released"]), done["held"], done["ended"]) == (order, 2, False)
    emulator.pump(send=receiver)
    assert receiver.types == order

    inside.control("POST", f"/holds/{hold['id']}/release")
    emulator.pump(send=receiver)
    assert receiver.types == [*order, "payment_intent.succeeded", "refund.created"]
    assert inside.control("GET", "/holds")["data"] == []


def test_other_purchases_go_on_meanwhile(inside: World, emulator: Emulator, receiver: Receiver) -> None:
    held_purchase(inside)
    free = inside.buy(client_reference_id="user_8")
    emulator.pump(send=receiver)

    assert receiver.types == ["payment_intent.succeeded", "checkout.session.completed"]
    assert receiver.events[1]["data"]["object"]["id"] == free.id


def test_the_next_one_goes_when_the_first_attempt_before_it_has_ended(inside: World, emulator: Emulator) -> None:
    held_purchase(inside)
    inside.control("POST", "/holds/1/release", order=["refund.created", "payment_intent.succeeded"], rest=True)
    for due in range(4):
        claimed = emulator.claim()
        assert len(claimed) == 1, "what waits is not sent side by side"
        assert emulator.claim() == []
        emulator.record(claimed[0], _outcome(500 if due == 0 else 200))
    log = inside.control("GET", "/deliveries")["data"]
    assert sorted(row["state"] for row in log) == ["delivered"] * 3 + ["pending"]


def _outcome(status: int) -> Any:
    from creditctl.emulator.webhooks.deliveries import AttemptResult

    return AttemptResult(status)


def test_a_second_release_follows_the_first(inside: World, emulator: Emulator, receiver: Receiver) -> None:
    held_purchase(inside)
    inside.control("POST", "/holds/1/release", order=["refund.created"])
    inside.control("POST", "/holds/1/release", order=["checkout.session.completed"])
    assert len(emulator.claim()) == 1

    log = {row["type"]: row["state"] for row in inside.control("GET", "/deliveries")["data"]}
    assert (log["refund.created"], log["checkout.session.completed"]) == ("sending", "queued")


def test_a_deleted_endpoint_does_not_stop_the_others(inside: World, emulator: Emulator, receiver: Receiver) -> None:
    gone = inside.endpoint("checkout.session.completed", url="https://example.com/gone")
    held_purchase(inside)
    inside.control("POST", "/holds/1/release")
    inside.stripe.webhook_endpoints.delete(gone.id)
    emulator.pump(send=receiver)

    assert {url for url, _, _ in receiver.received} == {ENDPOINT_URL}
    assert sorted(receiver.types) == sorted(WANTED)


def test_a_hold_takes_what_waits_and_only_the_types_that_it_names(
    inside: World, emulator: Emulator, receiver: Receiver
) -> None:
    inside.endpoint("checkout.session.completed", "payment_intent.succeeded")
    paid = inside.buy()
    made = inside.control("POST", "/holds", object=paid.payment_intent, event="checkout.*")
    emulator.pump(send=receiver)

    assert types(made["held"]) == ["checkout.session.completed"]
    assert receiver.types == ["payment_intent.succeeded"]


def test_somebody_who_asks_for_a_delivery_gets_it(inside: World, emulator: Emulator, receiver: Receiver) -> None:
    held_purchase(inside)
    event = inside.stripe.events.list(params={"type": "checkout.session.completed"}).data[0]
    inside.client.raw_request("post", f"/v1/events/{event.id}/retry")
    emulator.pump(send=receiver)

    assert receiver.types == ["checkout.session.completed"]


def test_a_hold_and_what_it_keeps_survive_a_kill(tmp_path: Path, receiver: Receiver) -> None:
    def start() -> tuple[Emulator, World]:
        emulator = Emulator(tmp_path / "state.db", seed=1)
        return emulator, World(stripe.StripeClient(TEST_KEY, http_client=EmulatorHTTPClient(emulator)), emulator)

    emulator, world = start()
    held_purchase(world)
    emulator.close()
    emulator, world = start()
    assert emulator.pump(send=receiver) == 0
    order = ["refund.created", "checkout.session.completed"]
    world.control("POST", "/holds/1/release", order=order)
    claimed = emulator.claim()
    emulator.close()
    assert [json.loads(sent.body)["type"] for sent in claimed] == ["refund.created"]

    emulator, world = start()
    emulator.pump(send=receiver)
    assert receiver.types == order
    emulator.close()


def test_names_that_fit_nothing_are_refused(inside: World, emulator: Emulator) -> None:
    held_purchase(inside)
    wrong = {
        ("/holds", ""): "object",
        ("/holds", "cs_test_none"): "object",
        ("/holds/1/release", "charge.refund"): "order[0]",
        ("/holds/7/release", ""): None,
    }
    for (path, name), param in wrong.items():
        params = {} if not name else {"object": name} if path == "/holds" else {"order": [name]}
        status, answer = inside.control_status("POST", path, **params)
        assert (status in (400, 404), answer["error"].get("param")) == (True, param)


def test_a_reset_ends_all_holds(inside: World, emulator: Emulator, receiver: Receiver) -> None:
    held_purchase(inside)
    inside.control("POST", "/reset")
    inside.endpoint("checkout.session.completed")
    inside.buy(client_reference_id="user_7")

    assert emulator.pump(send=receiver) == 1


def test_a_receiver_that_calls_back_is_no_trouble(inside: World, emulator: Emulator) -> None:
    held_purchase(inside)
    inside.control("POST", "/holds/1/release")
    seen: list[str] = []

    def send(url: str, headers: Any, body: bytes) -> Reply:
        seen.append(inside.stripe.events.retrieve(json.loads(body)["id"]).type)
        return Reply(200)

    emulator.pump(send=send)
    assert len(seen) == len(WANTED)
