"""The server around the app: where it listens, what it gives up on, how it stops."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from creditctl.backend.dependencies import Dependencies
from creditctl.backend.server import BackendServer, bind, url_of
from creditctl.core.errors import ConfigurationError
from tests.support.waiting import Deadline, patience


def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


@pytest.fixture
def app() -> Starlette:
    return Starlette(routes=[Route("/", hello)])


def connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=patience(10))


def test_serves_on_a_free_port_and_stops(app: Starlette) -> None:
    with BackendServer(app) as server:
        assert httpx.get(server.url, timeout=patience(20)).text == "hello"
    with pytest.raises(OSError, match="refused"):
        connect(server.url)


def test_stops_soon_with_an_idle_connection_open(app: Starlette) -> None:
    with BackendServer(app) as server:
        held = httpx.Client(base_url=server.url, timeout=patience(20))
        held.get("/")
        soon = Deadline(10)
    assert not soon.passed  # far below what a stop waits for requests
    held.close()


def test_the_url_is_known_before_the_app_is_built(app: Starlette) -> None:
    listener = bind("127.0.0.1", 0)
    url = url_of(listener)
    with BackendServer(app, listener=listener) as server:
        assert server.url == url
        assert httpx.get(url, timeout=patience(20)).text == "hello"


def test_finishes_what_it_has_begun() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(request: Request) -> Response:
        begun.set()
        go_on.wait(patience(10))
        return PlainTextResponse("done")

    answers = []
    with BackendServer(Starlette(routes=[Route("/", slow)])) as server:
        caller = threading.Thread(target=lambda: answers.append(httpx.get(server.url, timeout=patience(20)).text))
        caller.start()
        assert begun.wait(patience(10))
        threading.Timer(0.3, go_on.set).start()
    caller.join(patience(10))
    assert answers == ["done"]


def _until(connection: socket.socket, end: bytes) -> bytes:
    got = b""
    while not got.endswith(end) and (more := connection.recv(4096)):
        got += more
    return got


def _said(connection: socket.socket, *pieces: bytes) -> bytes:
    """What comes until the other side closes; it may have closed before a piece was sent, however short that takes."""
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.05)
        return connection.recv(100)
    return b""


@pytest.mark.parametrize("pieces", [[], [b"GET / HT"], [b"GET / HTTP/1.1\r\n", b"Host: a\r\n"]])
def test_a_connection_that_says_nothing_is_closed(app: Starlette, pieces: list[bytes]) -> None:
    with BackendServer(app, head_seconds=0.2) as server, connect(server.url) as connection:
        assert _said(connection, *pieces) == b""


ATTEMPTS = 20
"""A limit this short may also strike a sender that a busy machine kept waiting: then nothing was shown, either way."""


def test_a_second_request_may_not_dawdle_either(app: Starlette) -> None:
    with BackendServer(app, head_seconds=0.2) as server:
        for _ in range(ATTEMPTS):
            with connect(server.url) as connection, contextlib.suppress(ConnectionError):
                connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                if b"hello" in _until(connection, b"hello"):
                    assert _said(connection, b"GET / HT") == b""
                    return
        pytest.fail("the first request was never answered")


def test_a_request_under_way_is_not_cut_off_by_the_timer_for_heads() -> None:
    begun = threading.Event()

    def slow(request: Request) -> Response:
        begun.set()
        time.sleep(0.4)
        return PlainTextResponse("done")

    with BackendServer(Starlette(routes=[Route("/", slow)]), head_seconds=0.1) as server:
        for _ in range(ATTEMPTS):
            try:
                assert httpx.get(server.url, timeout=patience(20)).text == "done"
                return
            except httpx.TransportError:
                assert not begun.is_set(), "cut off while it was under way"
        pytest.fail("it never got through")


def test_a_huge_head_is_refused() -> None:
    seen: list[Request] = []

    def note(request: Request) -> Response:
        seen.append(request)
        return PlainTextResponse("hello")

    with (
        BackendServer(Starlette(routes=[Route("/", note)])) as server,
        connect(server.url) as connection,
        contextlib.suppress(OSError),  # the answer may be lost where the sender is still sending
    ):
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 200_000 + b"\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")
    assert seen == []


def test_what_is_too_large_gets_to_see_its_answer(services: Dependencies) -> None:
    from creditctl.backend.app import build_app

    with BackendServer(build_app(services)) as server:
        url = f"{server.url}/api/credits/webhook"
        response = httpx.post(url, content=b"x" * 4_000_000, timeout=patience(20))
        assert response.status_code == 413


def test_a_slow_body_gets_408(services: Dependencies) -> None:
    from creditctl.backend.app import build_app

    with BackendServer(build_app(services, read_seconds=0.2)) as server, connect(server.url) as connection:
        connection.sendall(b"POST /api/credits/webhook HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc")
        assert connection.recv(4096).startswith(b"HTTP/1.1 408 ")


def test_a_port_in_use() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError) as caught:
            bind("127.0.0.1", port)
    assert caught.value.code == "serve.port_in_use"
    assert "--port" in str(caught.value.fix)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.1"])
def test_an_address_that_is_not_ours(host: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        bind(host, 0)
    assert caught.value.code in ("serve.host", "serve.cannot_listen")


@pytest.mark.parametrize(("host", "shown"), [("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "127.0.0.1")])
def test_the_url_can_be_opened(host: str, shown: str) -> None:
    with bind(host, 0) as listener:
        assert url_of(listener) == f"http://{shown}:{listener.getsockname()[1]}"
