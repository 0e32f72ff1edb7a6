"""The HTTP codec: what it takes it reads as h11 does; what needs the whole protocol, or is malformed, it leaves."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.emulator.protocol.wire import Response
from creditctl.emulator.transports.plain_http import NotPlain, http_date, read_head, written

PLAIN = b"POST /v1/products?a=1 HTTP/1.1\r\nHost: localhost:1\r\nContent-Length: 6\r\nX-A:  b \r\n\r\n"


def test_a_plain_request_is_read() -> None:
    head = read_head(PLAIN + b"name=A")
    assert head is not None
    assert (head.method, head.path, head.query, head.body_bytes) == ("POST", "/v1/products", "a=1", 6)
    assert head.head_bytes == len(PLAIN)
    assert head.headers == {"host": "localhost:1", "content-length": "6", "x-a": "b"}
    assert not head.closes
    assert read_head(PLAIN[:-1]) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"POST", b"PATCH"),
        (b"HTTP/1.1", b"HTTP/1.0"),
        (b"/v1/products?a=1", b"http://localhost/v1"),
        (b"Host: localhost:1\r\n", b""),
        (b"X-A", b"Host"),
        (b"X-A", b"Transfer-Encoding"),
        (b"X-A", b"Expect"),
        (b"X-A", b"X A"),
        (b"X-A:", b" folded:"),
        (b"X-A:  b ", b"no colon"),
        (b"Content-Length: 6", b"Content-Length: +6"),
        (b"Content-Length: 6", b"Content-Length: 6, 6"),
        (b"Content-Length: 6", b"Content-Length: 99999999"),
        (b"X-A:  b ", b"Connection: upgrade"),
        (b"X-A:  b ", b"X-A: \x00"),
        (b"X-A:  b \r", b"X-A:  b "),
        (b"\r\n", b"\n"),
        (b"POST", b"\x16\x03\x01"),
    ],
)
def test_what_is_not_plain_is_left_to_uvicorn(old: bytes, new: bytes) -> None:
    with pytest.raises(NotPlain):
        read_head(PLAIN.replace(old, new))


PIECES = (
    b"\r\n,\n,\r, ,\t,:,Host: a,Content-Length: 3,Connection: close,GET,/,HTTP/1.1,%41,?,#,abc,"
    b"Transfer-Encoding: chunked,\x00,\x0c,\x7f,\xe9".split(b",")
)
GOOD = b"GET /v1/a?b=c HTTP/1.1\r\nHost: a\r\nX-B: c\r\n\r\n"


@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.sampled_from(PIECES), st.integers(0, 3)), max_size=3))
def test_what_it_takes_h11_reads_alike(changes: list[tuple[int, bytes, int]]) -> None:
    data = GOOD
    for place, piece, dropped in changes:
        data = data[:place] + piece + data[place + dropped :]
    try:
        head = read_head(data)
    except NotPlain:
        return
    if head is None:
        return
    server = h11.Connection(h11.SERVER)
    server.receive_data(data)
    event = server.next_event()
    assert isinstance(event, h11.Request)
    assert event.method.decode() == head.method
    assert event.target.partition(b"?")[2].decode() == head.query
    assert {name.decode(): value.decode("latin-1") for name, value in event.headers} == head.headers
    assert dict(event.headers).get(b"content-length", b"0") == b"%d" % head.body_bytes


def test_an_answer_is_written_as_h11_reads_it() -> None:
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    client.send(h11.EndOfMessage())
    client.receive_data(written(Response(404, {"Content-Type": "application/json"}, b"{}"), closes=True))
    answer, data = client.next_event(), client.next_event()
    assert isinstance(answer, h11.Response)
    assert isinstance(data, h11.Data)
    assert (answer.status_code, answer.reason, bytes(data.data)) == (404, b"Not Found", b"{}")
    assert dict(answer.headers)[b"date"].endswith(b" GMT")
    assert dict(answer.headers)[b"connection"] == b"close"
    assert http_date().endswith(" GMT")


def test_a_line_end_in_a_header_is_never_written() -> None:
    with pytest.raises(ValueError, match="line end"):
        written(Response(200, {"Idempotency-Key": "a\r\nSet-Cookie: b"}, b""), closes=False)
