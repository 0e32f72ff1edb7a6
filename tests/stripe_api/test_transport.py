"""What is tried again and how long is waited, with scripted answers and against a server that misbehaves."""

from __future__ import annotations

import inspect
import json
import socket
import threading
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests
import stripe

from creditctl.core.settings import merge_settings
from creditctl.stripe_api.client import StripeConnection, connect
from creditctl.stripe_api.retry import ANSWER_SECONDS, RetryPolicy
from creditctl.stripe_api.transport import real_transport
from tests.support.clock import NOW
from tests.support.scripted_stripe import Scripted, StripeAnswer, error, lost
from tests.support.stripe_connections import PRODUCT, OpenDoor, scripted


@pytest.mark.parametrize("trouble", [error(429), error(500), error(503), error(409), lost(), '{"id": "pro'])
def test_a_change_is_repeated_with_one_idempotency_key(
    open_door: OpenDoor, slept: list[float], trouble: Scripted
) -> None:
    transport = scripted(trouble, trouble, PRODUCT)
    with open_door(transport) as door:
        assert door.client.v1.products.create({"name": "Starter"}).id == "prod_1"
        assert slept == [0.25, 0.5]
    assert len({request.headers["Idempotency-Key"] for request in transport.requests}) == 1


def test_an_answer_that_breaks_off_is_repeated(open_door: OpenDoor) -> None:
    cut = lost(should_retry=False)
    cut.__cause__ = requests.exceptions.ChunkedEncodingError()
    with open_door(scripted(cut, PRODUCT)) as door:
        assert door.client.v1.products.retrieve("prod_1").id == "prod_1"


@pytest.mark.parametrize(
    ("answers", "raised", "requests_made"),
    [
        ([error(429)] * 8, stripe.RateLimitError, 8),
        ([error(500)] * 5, stripe.APIError, 5),
        ([lost() for _ in range(5)], stripe.APIConnectionError, 5),
        ([error(400)], stripe.InvalidRequestError, 1),
        ([error(500, **{"Stripe-Should-Retry": "false"})], stripe.APIError, 1),
        ([error(500, **{"Idempotent-Replayed": "true"})], stripe.APIError, 1),
        ([lost("bad certificate", should_retry=False)], stripe.APIConnectionError, 1),
    ],
)
def test_patience_ends(
    open_door: OpenDoor, answers: list[Scripted], raised: type[Exception], requests_made: int
) -> None:
    transport = scripted(*answers)
    with open_door(transport) as door, pytest.raises(raised):
        door.client.v1.products.retrieve("prod_1")
    assert len(transport.requests) == requests_made


def test_a_wait_is_never_shorter_than_retry_after(open_door: OpenDoor, slept: list[float]) -> None:
    with open_door(scripted(error(429, **{"Retry-After": "3"}), PRODUCT)) as door:
        door.client.v1.products.retrieve("prod_1")
        assert slept == [3.0]


@pytest.mark.parametrize(
    ("dated", "ahead"),
    [
        (NOW + 7200, 7200),
        (NOW + 60, 0),
        (NOW - 7200, 0),
        (None, 0),
    ],
)
def test_an_answers_date_says_how_far_stripes_clock_is_ahead(
    open_door: OpenDoor, dated: int | None, ahead: int
) -> None:
    date = "yesterday" if dated is None else formatdate(dated, usegmt=True)
    with open_door(scripted(StripeAnswer(PRODUCT, headers={"date": date}), PRODUCT)) as door:
        door.client.v1.products.retrieve("prod_1")
        assert door.ahead_seconds() == ahead
        door.client.v1.products.retrieve("prod_1")  # an answer without a date says nothing new
        assert door.ahead_seconds() == ahead


BODY = json.dumps({"id": "prod_1", "object": "product", "name": "Starter"}).encode()


class Misbehaving(BaseHTTPRequestHandler):
    """The first answer breaks off in the middle; `/v1/products/moved` redirects, `down` is a page in Latin-1."""

    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(self.path)
        if self.path.endswith("moved"):
            self.send_response(302)
            self.send_header("Location", "/v1/products/prod_1")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path.endswith("down"):
            self.send_response(502)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write("<é>\n".encode("latin-1"))
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


def connect_to(base: str, folder: Path) -> StripeConnection:
    values = {"STRIPE_SECRET_KEY": "sk_test_example0000", "STRIPE_API_BASE": base}
    settings = merge_settings(values, {}, env_file=Path(".env"), folder=folder)
    return connect(settings, sleep=lambda _seconds: None, chance=lambda: 0.0)


def test_an_answer_that_breaks_off_on_the_wire_is_asked_for_again(
    server: tuple[str, list[str]], tmp_path: Path
) -> None:
    base, seen = server
    with connect_to(base, tmp_path) as door:
        assert door.client.v1.products.retrieve("prod_1").name == "Starter"
    assert seen == ["/v1/products/prod_1"] * 2


def test_no_redirect_is_followed_with_the_key(server: tuple[str, list[str]], tmp_path: Path) -> None:
    base, seen = server
    with connect_to(base, tmp_path) as door, pytest.raises(stripe.APIConnectionError):
        door.client.v1.products.retrieve("moved")
    assert seen == ["/v1/products/moved"]


def test_a_page_that_is_not_utf_8_is_an_error_of_the_server(server: tuple[str, list[str]], tmp_path: Path) -> None:
    base, seen = server
    with connect_to(base, tmp_path) as door, pytest.raises(stripe.APIError) as raised:
        door.client.v1.products.retrieve("down")
    assert raised.value.http_status == 502
    assert len(seen) == RetryPolicy().broken_tries


def test_nobody_listening_is_a_connection_error(tmp_path: Path) -> None:
    with connect_to("http://127.0.0.1:9", tmp_path) as door, pytest.raises(stripe.APIConnectionError):
        door.client.v1.products.retrieve("prod_1")


def test_an_answer_is_waited_for_as_long_as_the_sdk_waits() -> None:
    """A page of a large list may need half a minute: with a time-out of as much it would never be read."""
    assert inspect.signature(stripe.RequestsClient).parameters["timeout"].default == ANSWER_SECONDS
    assert RetryPolicy().answer_seconds == ANSWER_SECONDS


def test_an_answer_that_never_comes_is_given_up_when_its_time_is_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = real_transport(proxied=False, answer_seconds=0.05)
        with pytest.raises(stripe.APIConnectionError):
            client.request("get", f"http://127.0.0.1:{silent.getsockname()[1]}/v1/account", {}, None)
        client.close()
