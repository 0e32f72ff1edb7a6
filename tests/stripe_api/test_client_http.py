"""The real HTTP client under the door, against a server on loopback that misbehaves."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import stripe

from creditctl.core.settings import merge_settings
from creditctl.stripe_api.client import StripeConnection, connect

BODY = json.dumps({"id": "prod_1", "object": "product", "name": "Starter"}).encode()


class Misbehaving(BaseHTTPRequestHandler):
    """The first answer breaks off in the middle; `/v1/products/moved` redirects."""

    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(self.path)
        if self.path.endswith("moved"):
            self.send_response(302)
            self.send_header("Location", "/v1/products/prod_1")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY[:10] if len(self.seen) == 1 else BODY)

    def log_message(self, format: str, *args: object) -> None:
        """Keeps the tests' stderr quiet."""


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    seen: list[str] = []
    handler = type("Handler", (Misbehaving,), {"seen": seen})
    with HTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", seen
        running.shutdown()
        thread.join()


def open_door(base: str, folder: Path) -> StripeConnection:
    values = {"STRIPE_SECRET_KEY": "sk_test_example0000", "STRIPE_API_BASE": base}
    settings = merge_settings(values, {}, env_file=Path(".env"), folder=folder)
    return connect(settings, sleep=lambda _seconds: None, chance=lambda: 0.0)


def test_an_answer_that_breaks_off_on_the_wire_is_asked_for_again(
    server: tuple[str, list[str]], tmp_path: Path
) -> None:
    base, seen = server
    with open_door(base, tmp_path) as door:
        assert door.client.v1.products.retrieve("prod_1").name == "Starter"
    assert seen == ["/v1/products/prod_1"] * 2


def test_no_redirect_is_followed_with_the_key(server: tuple[str, list[str]], tmp_path: Path) -> None:
    base, seen = server
    with open_door(base, tmp_path) as door, pytest.raises(stripe.APIConnectionError):
        door.client.v1.products.retrieve("moved")
    assert seen == ["/v1/products/moved"]


def test_nobody_listening_is_a_connection_error(tmp_path: Path) -> None:
    with open_door("http://127.0.0.1:9", tmp_path) as door, pytest.raises(stripe.APIConnectionError):
        door.client.v1.products.retrieve("prod_1")
