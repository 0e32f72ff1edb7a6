"""Answers without an end: a backend under test may send what it likes, and we read no more than we need."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import httpx
import pytest

from creditctl.simulation.target.bounded_http import MOST_BYTES, MOST_SECONDS, request_bounded
from tests.support.waiting import patience


def endless(sent: list[int]) -> httpx.Client:
    def body() -> Iterator[bytes]:
        while True:
            sent.append(1)
            yield b"0" * 1_000_000

    return httpx.Client(transport=httpx.MockTransport(lambda _request: httpx.Response(200, content=body())))


def test_an_endless_answer_is_read_up_to_a_size() -> None:
    sent: list[int] = []

    answer = request_bounded(endless(sent), "GET", "http://backend/")

    assert (answer.status_code, len(answer.text)) == (200, MOST_BYTES)
    assert len(sent) < 10


def test_an_answer_that_drips_ends_with_a_timeout() -> None:
    moments = iter([0.0, 1.0, MOST_SECONDS + 1])

    with pytest.raises(httpx.ReadTimeout):
        request_bounded(endless([]), "GET", "http://backend/", monotonic=lambda: next(moments))


def test_status_place_and_letters_stay() -> None:
    headers = {"content-type": "text/plain; charset=latin-1", "location": "/there", "content-encoding": "identity"}
    answers = httpx.MockTransport(
        lambda _request: httpx.Response(303, headers=headers, content="Müller".encode("latin-1"))
    )

    answer = request_bounded(httpx.Client(transport=answers), "POST", "http://backend/", content=b"{}")

    assert (answer.status_code, answer.headers["location"], answer.text) == (303, "/there", "Müller")


def test_the_body_waits_until_it_may_leave_and_the_headers_are_there_before() -> None:
    head_is_there, received = threading.Event(), []
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        httpx.Client(trust_env=False, timeout=patience(20)) as http,
    ):

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                received.append(connection.recv(65536))
                head_is_there.set()
                received.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        server = threading.Thread(target=serve)
        server.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        answer = request_bounded(http, "POST", url, content=b'{"a": 1}', ready=lambda: assert_soon(head_is_there))
        server.join(patience(5))

    head, body = received
    assert head.endswith(b"\r\n\r\n")
    assert b"content-length: 8" in head.lower()
    assert b"chunked" not in head.lower()
    assert (answer.status_code, body) == (200, b'{"a": 1}')


def test_a_request_without_a_body_is_ready_before_it_is_sent() -> None:
    order: list[str] = []

    def answers(_request: httpx.Request) -> httpx.Response:
        order.append("sent")
        return httpx.Response(200)

    http = httpx.Client(transport=httpx.MockTransport(answers))
    request_bounded(http, "POST", "http://backend/", content=b"", ready=lambda: order.append("ready"))

    assert order == ["ready", "sent"]


def assert_soon(event: threading.Event) -> None:
    assert event.wait(patience(5))
