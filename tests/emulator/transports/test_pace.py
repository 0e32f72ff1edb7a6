"""The pace of answers: a buyer's redirect waits until the shop has answered the event of the payment."""

import http.client
import re
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
from tests.support.keys import TEST_KEY
from tests.support.waiting import Deadline, patience
from tests.support.webhook_server import webhook_server

KEY = {"Authorization": f"Bearer {TEST_KEY}"}
CARD = {"email": "b@example.com", "number": "4242424242424242", "expiry": "12/34", "cvc": "123"}
Shop = tuple[str, threading.Event, list[str]]
"""A webhook URL, what lets it answer, and the sessions that it was told of."""


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A receiver that answers when the test lets it."""
    go = threading.Event()
    received: list[str] = []

    def answer(event: dict[str, Any]) -> int:
        if event["type"] == "checkout.session.completed":
            go.wait(patience(8))
            received.append(event["data"]["object"]["id"])
        return 200

    with webhook_server() as receiver:
        receiver.decide = answer
        yield receiver.url, go, received
        go.set()


def test_the_redirect_comes_after_the_answer(shop: Shop) -> None:
    url, go, received = shop
    emulator = Emulator()
    with EmulatorServer(emulator) as server:
        stripe = httpx.Client(base_url=server.url, headers=KEY, timeout=patience(20))
        stripe.post("/v1/webhook_endpoints", data={"url": url, "enabled_events[]": "*"}).raise_for_status()
        item = "line_items[0]"
        session = stripe.post(
            "/v1/checkout/sessions",
            data={
                "mode": "payment",
                "success_url": "https://shop.example/ok",
                f"{item}[quantity]": "1",
                f"{item}[price_data][currency]": "usd",
                f"{item}[price_data][unit_amount]": "1000",
                f"{item}[price_data][product_data][name]": "A",
            },
        ).json()
        browser = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=patience(20))
        path, headers = urlsplit(session["url"]).path, {"Content-Type": "application/x-www-form-urlencoded"}
        token = re.search(r'name="form_token" value="(\w+)"', stripe.get(path).text)
        assert token is not None
        browser.request("POST", path, urlencode({**CARD, "form_token": token[1]}), headers)
        deadline = Deadline(5)
        while stripe.get(f"/v1/checkout/sessions/{session['id']}").json()["status"] != "complete":
            assert not deadline.passed
            time.sleep(0.02)
        assert received == []
        go.set()
        answer = browser.getresponse()
        answer.read()
        assert (answer.status, answer.headers["Location"]) == (303, "https://shop.example/ok")
        assert received == [session["id"]]
        browser.close()
        stripe.close()
    emulator.close()
