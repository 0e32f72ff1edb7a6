"""Events endpoints: resending, thirty days."""

import json

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request
from tests.emulator.world import Inside, Receiver, Refused, World
from tests.support.keys import TEST_KEY


def test_resending(inside: World, emulator: Emulator, receiver: Receiver) -> None:
    made = inside.endpoint("product.created")
    inside.stripe.products.create(params={"name": "A"})
    emulator.pump(send=receiver)
    event = inside.stripe.events.list().data[0]

    headers = {"authorization": f"Bearer {TEST_KEY}"}
    path = f"/v1/events/{event.id}/retry"
    answer = emulator.handle(Request("POST", path, "", headers, f"webhook_endpoint={made.id}".encode()))
    assert json.loads(answer.body)["id"] == event.id
    assert emulator.pump(send=receiver) == 1
    assert receiver.events[0] == receiver.events[1] | {"pending_webhooks": 1}


def test_events_leave_after_thirty_days(emulated: World, refused: Refused) -> None:
    emulated.product()
    event = emulated.stripe.events.list().data[0]
    emulated.advance(30 * 86_400)
    assert len(emulated.stripe.events.list().data) == 1
    emulated.advance(1)
    assert emulated.stripe.events.list().data == []
    assert refused(lambda: emulated.stripe.events.retrieve(event.id)).http_status == 404


def test_an_event_that_is_not_there_is_called_a_notification(ask: Inside) -> None:
    """Source: stripe-cli#923."""
    for path, query, status in (("/v1/events/evt_none", "", 404), ("/v1/events", "starting_after=evt_none", 400)):
        found, body, _ = ask("GET", path, query)
        assert (found, body["error"]["message"]) == (status, "No such notification: 'evt_none'")
