"""Answers as they go over the wire: as h11 reads them, a head alone, no line end inside a header."""

import h11
import pytest

from creditctl.emulator.protocol.wire import Response
from creditctl.emulator.transports.http_writer import written


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


def test_a_line_end_in_a_header_is_never_written() -> None:
    with pytest.raises(ValueError, match="line end"):
        written(Response(200, {"Idempotency-Key": "a\r\nSet-Cookie: b"}, b""), closes=False)


def test_an_answer_with_a_date_of_its_own_has_no_second_one() -> None:
    head = written(Response(200, {"Date": "Sun, 06 Nov 1994 08:49:37 GMT"}, b""), closes=False)
    assert head.count(b"Date: ") == 1


def test_a_head_says_how_long_the_body_would_be() -> None:
    head = written(Response(200, {}, b"name"), closes=False, headed=True)
    assert head.endswith(b"Content-Length: 4\r\n\r\n")
