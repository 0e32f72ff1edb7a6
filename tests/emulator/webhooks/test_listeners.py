"""The websocket of a listening CLI, spoken to as the CLI does: events wait until they are acknowledged."""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
from tests.support.keys import TEST_KEY
from tests.support.waiting import Deadline, patience

KEY = {"Authorization": f"Bearer {TEST_KEY}"}


@pytest.fixture
def stripe() -> Iterator[httpx.Client]:
    emulator = Emulator()
    with (
        EmulatorServer(emulator) as server,
        httpx.Client(base_url=server.url, headers=KEY, timeout=patience(20)) as client,
    ):
        yield client
    emulator.close()


def open_session(stripe: httpx.Client) -> Any:
    form = {"device_name": "test", "websocket_features[]": "webhooks"}
    answer = stripe.post("/v1/stripecli/sessions", data=form)
    assert answer.status_code == 200
    return answer.json()


def dial(opened: Any) -> ClientConnection:
    return connect(
        f"{opened['websocket_url']}?websocket_feature=webhooks",
        additional_headers={"Websocket-Id": opened["websocket_id"]},
        subprotocols=[Subprotocol("stripecli-devproxy-v1")],
        compression=None,
    )


def frame(socket: ClientConnection) -> tuple[Any, Any]:
    """A frame and the event in it."""
    received = json.loads(socket.recv(timeout=patience(10)))
    return received, json.loads(received["event_payload"])


def acknowledge(socket: ClientConnection, received: Any, event: Any, status: int | None = None) -> None:
    names = {name: received[name] for name in ("webhook_conversation_id", "webhook_id")}
    socket.send(json.dumps({"type": "event_ack", "event_id": event["id"], **names}))
    if status is not None:
        answer = {"type": "webhook_response", "forward_url": "http://127.0.0.1", "status": status, "body": "", **names}
        socket.send(json.dumps(answer))


def customer(stripe: httpx.Client) -> str:
    made: str = stripe.post("/v1/customers").json()["id"]
    return made


def pending(stripe: httpx.Client, event: Any) -> int:
    found: int = stripe.get(f"/v1/events/{event['id']}").json()["pending_webhooks"]
    return found


def test_events_wait_until_they_are_acknowledged(stripe: httpx.Client) -> None:
    opened = open_session(stripe)
    with dial(opened) as socket:
        first = customer(stripe)
        assert frame(socket)[1]["data"]["object"]["id"] == first
    second = customer(stripe)
    with dial(opened) as socket:
        received = [frame(socket), frame(socket)]
        assert [event["data"]["object"]["id"] for _, event in received] == [first, second]
        for each in received:
            acknowledge(socket, *each, status=200)
        deadline = Deadline(5)
        while any(pending(stripe, event) for _, event in received):
            assert not deadline.passed
            time.sleep(0.02)
    with dial(opened) as socket:
        third = customer(stripe)
        assert frame(socket)[1]["data"]["object"]["id"] == third


def test_what_the_application_refused_stays_pending(stripe: httpx.Client) -> None:
    with dial(open_session(stripe)) as socket:
        customer(stripe)
        received, event = frame(socket)
        assert received["endpoint"] == {"api_version": None}
        acknowledge(socket, received, event, status=500)
        deadline = Deadline(5)
        while not (log := stripe.get("/_emulator/deliveries").json()["data"])[0]["attempts"]:
            assert not deadline.passed
            time.sleep(0.02)
        assert log[0]["attempts"][0]["status"] == 500
        assert pending(stripe, event) == 1


def test_an_unknown_websocket_is_refused(stripe: httpx.Client) -> None:
    address = str(stripe.base_url).replace("http", "ws").rstrip("/") + "/subscribe/acct_1"
    with pytest.raises(InvalidStatus) as caught, dial({"websocket_url": address, "websocket_id": "cliws_none"}):
        pass
    assert caught.value.response.body is not None
    assert b"Unknown WebSocket ID." in caught.value.response.body


def test_an_unknown_feature_is_refused(stripe: httpx.Client) -> None:
    form = {"device_name": "test", "websocket_features[]": "telepathy"}
    assert stripe.post("/v1/stripecli/sessions", data=form).status_code == 400


def test_a_page_of_another_site_gets_no_websocket(stripe: httpx.Client) -> None:
    opened = open_session(stripe)
    with (
        pytest.raises(InvalidStatus) as caught,
        connect(
            opened["websocket_url"],
            additional_headers={"Websocket-Id": opened["websocket_id"]},
            origin=Origin("https://evil.example"),
        ),
    ):
        pass
    assert caught.value.response.status_code == 403
