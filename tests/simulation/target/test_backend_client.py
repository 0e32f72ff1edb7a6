"""Client of the backend under test: a connection that a server closed while it was idle is no verdict."""

from __future__ import annotations

import httpx

from creditctl.simulation.target.backend_client import BackendClient
from creditctl.simulation.target.buyers import Buyer
from creditctl.simulation.target.declaration import Target

BUYER = Buyer("17", {}, {"user": "17"})


def client(*, closing: int) -> tuple[BackendClient, list[str]]:
    """A backend that closes the connection so many times before it answers; and what it was asked."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        if len(asked) <= closing:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        return httpx.Response(200, json={"balance": 3})

    target = Target("http://backend", "http://backend/hook")
    return BackendClient(httpx.Client(transport=httpx.MockTransport(answer)), target), asked


def test_a_balance_is_read_again_once_where_the_connection_was_closed() -> None:
    backend, asked = client(closing=1)

    assert backend.read_balance(BUYER) == 3
    assert asked == ["GET", "GET"]
    assert client(closing=2)[0].get(BUYER, "/x").status is None


def test_a_purchase_is_never_sent_twice() -> None:
    backend, asked = client(closing=1)

    assert backend.post_purchase(BUYER, b"{}").status is None
    assert asked == ["POST"]
