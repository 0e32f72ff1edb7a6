"""The client of plain http deliveries: every shape of answer is read as httpx reads it, and every failure is named."""

import asyncio
import gzip
import socket
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
import pytest

from creditctl.emulator.protocol.wire import Reply
from creditctl.emulator.transports.plain_post import CUT_OFF, is_plain, post_plain

Result = TypeVar("Result")
_HEAD = b"HTTP/1.1 200 OK\r\n"
_ZIPPED = gzip.compress(b"received")
ANSWERS = {
    "a length": _HEAD + b"Content-Length: 8\r\n\r\nreceived",
    "chunks": _HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nrece\r\n4\r\nived\r\n0\r\n\r\n",
    "until it closes": _HEAD + b"\r\nreceived",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\nreceived",
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "continue first": b"HTTP/1.1 100 Continue\r\n\r\n" + _HEAD + b"Content-Length: 8\r\n\r\nreceived",
    "line feeds alone": b"HTTP/1.1 200 OK\nContent-Length: 8\n\nreceived",
    "no reason": b"HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n",
    "an offer of HTTP/2": _HEAD + b"Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 8\r\n\r\nreceived",
    "compressed": _HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(_ZIPPED), _ZIPPED),
    "elsewhere": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
}


def answered(answer: bytes, ask: Callable[[str], Awaitable[Result]]) -> tuple[Result, bytes]:
    """What a client makes of a receiver that reads a request, writes these bytes and closes; and what it read."""

    async def run() -> tuple[Result, bytes]:
        read: list[bytes] = []

        async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            read.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(2))
            writer.write(answer)
            writer.close()

        server = await asyncio.start_server(receive, "127.0.0.1", 0)
        async with server:
            result = await ask(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook?a=1")
        return result, read[0]

    return asyncio.run(run())


async def plainly(url: str) -> Reply:
    return await post_plain(url, {"User-Agent": "Stripe/1.0"}, b"{}", seconds=20, most=5000)


async def by_httpx(url: str) -> Reply:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(url, headers={"User-Agent": "Stripe/1.0", "Accept": "*/*"}, content=b"{}")
        return Reply(answer.status_code, answer.content)


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_every_shape_of_answer_is_read_as_httpx_reads_it(answer: bytes) -> None:
    ours, sent = answered(answer, plainly)
    theirs, sent_by_httpx = answered(answer, by_httpx)

    assert (ours.status, ours.body) == (theirs.status, theirs.body)
    first, *lines = sent.decode().split("\r\n")
    known = [line.lower() for line in sent_by_httpx.decode().split("\r\n")]
    assert first == "POST /hook?a=1 HTTP/1.1"
    assert [line for line in lines if line.lower() not in known and not line.startswith(("Host", "Accept-Enc"))] == []
    assert sent.endswith(b"Content-Length: 2\r\n\r\n{}")


def test_of_a_long_answer_the_beginning_is_kept() -> None:
    body = b"x" * 100_000

    reply, _ = answered(_HEAD + b"Content-Length: 100000\r\n\r\n" + body, plainly)

    assert reply.body == body[:5000]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"", CUT_OFF),
        (b"HTTP/1.1 200", CUT_OFF),
        (_HEAD + b"Content-Length: 80\r\n\r\nreceived", CUT_OFF),
        (_HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nrece\r\n", CUT_OFF),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "is no HTTP"),
    ],
)
def test_what_is_no_whole_answer_is_named(answer: bytes, message: str) -> None:
    with pytest.raises(ConnectionError, match=message):
        answered(answer, plainly)


def test_nobody_there_and_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(TimeoutError, match=r"no answer within 0\.05 seconds"):
            asyncio.run(post_plain(url, {}, b"{}", seconds=0.05, most=5000))
    with pytest.raises(OSError, match="Connect call failed"):
        asyncio.run(plainly("http://127.0.0.1:1/"))


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("http://127.0.0.1:8000/api/hook?x=1&y[]=2", False),
        ("http://127.0.0.1:8000/api/hook?x=1&y=%20", True),
        ("http://localhost", True),
        ("http://[::1]:8000?x", True),
        ("http://host.docker.internal:99999/", False),
        ("https://example.com/hook", False),
        ("http://user:word@localhost/hook", False),
        ("http://localhost/ürl", False),
        ("http://localhost/a#b", False),
    ],
)
def test_what_is_not_plain_is_left_to_httpx(url: str, plain: bool) -> None:
    assert is_plain(url) is plain
