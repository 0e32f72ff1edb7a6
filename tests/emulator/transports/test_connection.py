"""Connections to the server: pieces, several requests at once, late answers, clients that leave, odd HTTP."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
from tests.support.keys import TEST_KEY
from tests.support.waiting import patience, wait_until

KEY = f"Host: 127.0.0.1\r\nAuthorization: Bearer {TEST_KEY}\r\n".encode()
LATE = {"kind": "latency", "path": "/v1/products", "seconds": 0.2, "count": 1}
GET = b"GET /v1/products HTTP/1.1\r\n" + KEY + b"\r\n"


def post(body: bytes, more: bytes = b"") -> bytes:
    return b"POST /v1/products HTTP/1.1\r\n" + KEY + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


@contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), patience(10)) as client:
        yield client


def received(client: socket.socket, answers: int = 1) -> list[tuple[int, bytes]]:
    """Status and body of so many answers, read by their Content-Length."""
    stream, found = client.makefile("rb"), []
    for _ in range(answers):
        status = int(stream.readline().split()[1])
        length = 0
        while (line := stream.readline().strip().lower()) != b"":
            length = int(line.split()[1]) if line.startswith(b"content-length:") else length
        found.append((status, stream.read(length)))
    return found


def names(client: socket.socket) -> list[str]:
    client.sendall(GET)
    [(status, body)] = received(client)
    assert status == 200
    return [product["name"] for product in json.loads(body)["data"]]


def test_a_request_in_pieces_and_several_at_once(served: tuple[Emulator, str]) -> None:
    emulator, url = served
    emulator.reset()
    with connected(url) as client:
        for piece in (post(b"name=A")[:30], post(b"name=A")[30:-3], post(b"name=A")[-3:]):
            client.sendall(piece)
            time.sleep(0.01)
        assert received(client)[0][0] == 200
        client.sendall(post(b"name=B") + post(b"name=C") + GET)
        assert [status for status, _ in received(client, 3)] == [200, 200, 200]
        assert names(client) == ["C", "B", "A"]


def test_what_follows_a_late_answer_waits_for_it(served: tuple[Emulator, str]) -> None:
    emulator, url = served
    emulator.reset()
    emulator.services.faults.add(LATE)
    with connected(url) as client:
        client.sendall(post(b"name=A") + post(b"name=B"))
        first, second = received(client, 2)
        assert [json.loads(body)["name"] for _, body in (first, second)] == ["A", "B"]


@pytest.mark.parametrize(
    "odd",
    [
        b"POST /v1/products HTTP/1.1\r\n" + KEY + b"Transfer-Encoding: chunked\r\n\r\n6\r\nname=A\r\n0\r\n\r\n",
        post(b"name=A").replace(b"HTTP/1.1", b"HTTP/1.0"),
        post(b"name=A", b"Connection: Upgrade\r\nUpgrade: h2c\r\n"),
        post(b"name=A&description=" + b"a" * 30_000),
    ],
)  # fmt: skip
def test_odd_http_is_answered_too(served: tuple[Emulator, str], odd: bytes) -> None:
    emulator, url = served
    emulator.reset()
    with connected(url) as client:
        client.sendall(odd)
        assert received(client)[0][0] == 200
    with connected(url) as client:
        assert names(client) == ["A"]


def test_a_client_that_waits_for_a_word_gets_it(served: tuple[Emulator, str]) -> None:
    emulator, url = served
    emulator.reset()
    with connected(url) as client:
        request = post(b"name=A", b"Expect: 100-continue\r\n")
        client.sendall(request[:-6])
        assert received(client) == [(100, b"")]
        client.sendall(request[-6:])
        assert received(client)[0][0] == 200


def test_a_body_of_megabytes_is_read(served: tuple[Emulator, str]) -> None:
    emulator, url = served
    emulator.reset()
    with connected(url) as client:
        client.sendall(post(b"name=A&description=" + b"a" * 2_000_000))
        [(status, body)] = received(client)
        assert (status, json.loads(body)["error"]["param"]) == (400, "description")


@pytest.mark.parametrize(
    "noise", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"hello\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"]
)
def test_noise_gets_a_400(served: tuple[Emulator, str], noise: bytes) -> None:
    with connected(served[1]) as client:
        client.sendall(noise)
        assert received(client)[0][0] == 400


def test_connection_close_is_obeyed(served: tuple[Emulator, str]) -> None:
    with connected(served[1]) as client:
        client.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert received(client)[0][0] == 200
        assert client.recv(1) == b""


def test_a_late_answer_goes_out_while_the_server_stops() -> None:
    emulator = Emulator()
    rule = emulator.services.faults.add(LATE)
    with EmulatorServer(emulator) as server, connected(server.url) as client:
        client.sendall(post(b"name=A"))
        wait_until(lambda: rule.hits, 10)
        server.__exit__(None, None, None)
        assert received(client)[0][0] == 200
    emulator.close()


@pytest.mark.parametrize("begun", [b"POST /v1/pro", post(b"name=A")[:-2], post(b"name=A") + GET[:-3]])
def test_a_request_that_never_ends_is_ended(begun: bytes) -> None:
    emulator = Emulator()
    with EmulatorServer(emulator, read_seconds=0.2) as server, connected(server.url) as client, closing(emulator):
        client.sendall(begun)
        stream = client.makefile("rb").read()
        assert stream.count(b"HTTP/1.1 408 ") == 1
        assert stream.endswith(b"The request did not arrive in time.")


def test_a_connection_waits_between_requests_and_for_our_own_answers() -> None:
    emulator = Emulator()
    limit = patience(0.2)
    emulator.services.faults.add(LATE | {"seconds": limit * 1.9})
    with EmulatorServer(emulator, read_seconds=limit) as server, connected(server.url) as client, closing(emulator):
        client.sendall(post(b"name=A") + GET[:-3])
        assert [status for status, _ in received(client)] == [200]
        time.sleep(limit / 4)  # the time for the rest begins when it is read again, not at some beat of a timer before
        client.sendall(GET[-3:])
        assert [status for status, _ in received(client)] == [200]
        time.sleep(limit * 1.2)
        assert names(client) == ["A"]
