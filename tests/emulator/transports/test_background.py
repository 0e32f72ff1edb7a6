"""The background worker of a running server: deliveries go out by themselves."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import stripe

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
from tests.emulator.world import Receiver
from tests.support.sdk_clients import client_at
from tests.support.waiting import Deadline


def test_over_the_wire(receiver: Receiver) -> None:
    """The loopback server delivers by itself, promptly, to a real receiver."""

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
        client = client_at(server.url)
        made = client.v1.webhook_endpoints.create(
            params={"url": f"http://127.0.0.1:{http.server_port}/hook", "enabled_events": ["customer.created"]}
        )
        client.v1.customers.create(params={"email": "a@example.com"})
        deadline = Deadline(5)
        while not receiver.received and not deadline.passed:
            time.sleep(0.005)
        _, headers, body = receiver.received[0]
        assert stripe.Webhook.construct_event(body, headers["Stripe-Signature"], made.secret).type == "customer.created"
        while client.v1.events.list().data[0].pending_webhooks and not deadline.passed:
            time.sleep(0.005)
        assert client.v1.events.list().data[0].pending_webhooks == 0
        http.shutdown()
        thread.join()
    emulator.close()
