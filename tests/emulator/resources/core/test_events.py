"""Events endpoints: resending, thirty days."""

import json

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request
from tests.emulator.world import Receiver, Refused, World
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
