"""Loopback webhook receiver for tests: an HTTP server that keeps what is delivered to it and answers as planned."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe


@dataclass
class WebhookServer:
    """What was delivered, in the order in which it came, and what is answered.

    Shape: `planned` statuses come first, each once; then `decide` is asked, and None cuts the connection. With
           `secrets`, what is signed with none of them is refused with 400.
    """

    url: str = ""
    ids: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    planned: list[int] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    decide: Callable[[dict[str, Any]], int | None] = lambda _event: 200

    @property
    def types(self) -> list[str]:
        """The types of the events."""
        return [event["type"] for event in self.events]

    def take(self, body: bytes, signature: str) -> int | None:
        """Keeps one delivery; the status that answers it."""
        event = json.loads(body)
        self.bodies.append(body)
        self.signatures.append(signature)
        self.events.append(event)
        self.ids.append(event["id"])
        if self.secrets and not any(_is_signed(body, signature, secret) for secret in self.secrets):
            return 400
        return self.planned.pop(0) if self.planned else self.decide(event)


def _is_signed(body: bytes, signature: str | None, secret: str) -> bool:
    """Whatever its age: tests have clocks of their own."""
    try:
        stripe.WebhookSignature.verify_header(body.decode(), signature or "", secret, tolerance=None)
    except stripe.SignatureVerificationError:
        return False
    return True


@contextmanager
def webhook_server(path: str = "/hook") -> Iterator[WebhookServer]:
    """A webhook receiver on a loopback port of its own."""
    built = WebhookServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = built.take(body, self.headers["Stripe-Signature"])
            if status is None:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        built.url = f"http://127.0.0.1:{server.server_port}{path}"
        try:
            yield built
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def receiver() -> Iterator[WebhookServer]:
    """A webhook receiver on a loopback port of its own."""
    with webhook_server() as built:
        yield built
