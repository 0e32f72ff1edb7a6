"""The background worker of a running server: deliveries go out by themselves."""

import time

import stripe

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
from tests.support.sdk_clients import client_at
from tests.support.waiting import Deadline
from tests.support.webhook_server import webhook_server


def test_over_the_wire() -> None:
    """The loopback server delivers by itself, promptly, to a real receiver."""

    emulator = Emulator()
    with webhook_server() as receiver, EmulatorServer(emulator) as server:
        client = client_at(server.url)
        made = client.v1.webhook_endpoints.create(params={"url": receiver.url, "enabled_events": ["customer.created"]})
        client.v1.customers.create(params={"email": "a@example.com"})
        deadline = Deadline(5)
        while not receiver.ids and not deadline.passed:
            time.sleep(0.005)
        event = stripe.Webhook.construct_event(receiver.bodies[0], receiver.signatures[0], made.secret)
        assert event.type == "customer.created"
        while client.v1.events.list().data[0].pending_webhooks and not deadline.passed:
            time.sleep(0.005)
        assert client.v1.events.list().data[0].pending_webhooks == 0
    emulator.close()
