"""The parser of requests: pieces, several at once, upgrades, bodies of every kind, and what is no request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.emulator.protocol.wire import Request
from creditctl.emulator.transports.http_parser import (
    LONGEST_BODY,
    LONGEST_HEAD,
    Incoming,
    RefusedRequest,
    RequestParser,
)

POST = b"POST /v1/products?a=1 HTTP/1.1\r\nHost: localhost:1\r\nContent-Length: 6\r\nX-A:  b \r\n\r\nname=A"
CHUNKED = (
    b"POST /v1/a%20b HTTP/1.1\r\nhost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nname=A\r\n0\r\nX-T: ignored\r\n\r\n"
)
UPGRADE = b"GET /subscribe/x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n"


def read(*pieces: bytes) -> list[Incoming]:
    parser = RequestParser()
    assert [parser.feed(piece) for piece in pieces] == [b""] * len(pieces)
    return parser.complete


def test_a_request_is_read() -> None:
    [incoming] = read(POST)
    headers = {"host": "localhost:1", "content-length": "6", "x-a": "b"}
    assert incoming.request == Request("POST", "/v1/products", "a=1", headers, b"name=A")
    assert not incoming.closes
    assert incoming.upgrade is None


@given(st.lists(st.integers(0, len(POST + CHUNKED + POST)), max_size=6))
def test_pieces_change_nothing(cuts: list[int]) -> None:
    whole, places = POST + CHUNKED + POST, sorted({0, *cuts})
    pieces = [whole[start:end] for start, end in zip(places, [*places[1:], None], strict=True)]
    first, second, third = read(*pieces)
    assert first == third
    assert (second.request.path, second.request.body) == ("/v1/a b", b"name=A")


@pytest.mark.parametrize(
    ("data", "closes"),
    [
        (POST.replace(b"X-A:  b ", b"Connection: close"), True),
        (POST.replace(b"1.1", b"1.0"), True),
        (POST.replace(b"1.1", b"1.0").replace(b"X-A:  b ", b"Connection: keep-alive"), True),
        (POST.replace(b"X-A:  b ", b"Connection: keep-alive"), False),
    ],
)
def test_whether_the_connection_ends(data: bytes, closes: bool) -> None:
    assert [incoming.closes for incoming in read(data)] == [closes]


def test_an_upgrade_to_another_protocol_is_ignored() -> None:
    """Java's client asks for HTTP/2 with each of its requests."""
    posted = POST.replace(b"X-A:  b ", b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEA")
    found = read(UPGRADE % b"h2c" + posted + POST)
    assert [incoming.request.method for incoming in found] == ["GET", "POST", "POST"]
    assert [incoming.request.body for incoming in found] == [b"", b"name=A", b"name=A"]
    assert [incoming.upgrade for incoming in found] == [None] * 3


def test_what_follows_a_request_for_a_websocket_is_not_read() -> None:
    parser = RequestParser()
    assert parser.feed(POST + UPGRADE % b"websocket" + b"\x81\x00 frames") == b"\x81\x00 frames"
    head = parser.complete[1].upgrade
    assert head is not None
    [again] = read(head.replace(b"websocket", b"h2c"))
    assert again.request.path == "/subscribe/x"


def test_a_client_that_waits_for_a_word_is_seen() -> None:
    head, body = POST.replace(b"X-A:  b ", b"Expect: 100-continue").split(b"\r\n\r\n")
    parser = RequestParser()
    parser.feed(head + b"\r\n\r\n")
    assert parser.expects_continue
    parser.feed(body)
    assert not parser.expects_continue
    assert len(parser.complete) == 1


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"hello\r\n\r\n", 400),
        (b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (POST.replace(b"Host: localhost:1\r\n", b""), 400),
        (POST.replace(b"X-A", b"Host"), 400),
        (POST.replace(b"X-A", b"X A"), 400),
        (POST.replace(b"X-A:  b ", b"X-A: \x00"), 400),
        (POST.replace(b"X-A:  b ", b"Content-Length: 7"), 400),
        (POST.replace(b"X-A:  b ", b"Transfer-Encoding: chunked"), 400),
        (POST.replace(b"Content-Length: 6", b"Content-Length: +6"), 400),
        (POST.replace(b"/v1", b"v1"), 400),
        (POST.replace(b"X-A", b"X" * LONGEST_HEAD), 431),
        (POST.replace(b"/v1", b"/" + b"v" * LONGEST_HEAD), 431),
        (POST.replace(b"Length: 6", b"Length: %d" % (LONGEST_BODY + 1)), 413),
        (POST.replace(b"Length: 6", b"Length: 00000000000000000000006"), 413),
        (CHUNKED.partition(b"6\r\n")[0] + b"%x\r\n" % (LONGEST_BODY + 1) + b" " * (LONGEST_BODY + 1), 413),
    ],
)
def test_what_is_no_request_is_refused(data: bytes, status: int) -> None:
    with pytest.raises(RefusedRequest) as refused:
        read(data)
    assert refused.value.status == status
