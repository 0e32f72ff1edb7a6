"""Bodies are bounded in size and in time, before anything of the app runs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from creditctl.backend.app import BODY_BYTES, WEBHOOK_BODY_BYTES
from creditctl.backend.middleware import BoundedBody, RequestLog, SenderGone, TooLarge, read_body
from tests.support.backend import FakeWebhook, TestClient


def receiver(*messages: Message, then: Message | None = None) -> Receive:
    """An ASGI `receive` that gives these messages, and then waits for ever or gives the last one."""
    waiting = list(messages)

    async def receive() -> Message:
        if waiting:
            return waiting.pop(0)
        if then is None:
            await asyncio.Event().wait()
        assert then is not None
        return then

    return receive


def part(body: bytes, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=8), st.integers(0, 100))
def test_a_body_is_whole_or_too_large(parts: list[bytes], limit: int) -> None:
    messages = [part(chunk, number < len(parts) - 1) for number, chunk in enumerate(parts)]
    whole = b"".join(parts)
    if len(whole) <= limit:
        assert asyncio.run(read_body(receiver(*messages), limit)) == whole
    else:
        with pytest.raises(TooLarge):
            asyncio.run(read_body(receiver(*messages), limit))


def test_a_sender_that_left() -> None:
    with pytest.raises(SenderGone):
        asyncio.run(read_body(receiver(part(b"a", True), {"type": "http.disconnect"}), 10))


def test_a_body_that_never_ends_is_not_read_for_ever() -> None:
    endless = receiver(then=part(b"x" * 65536, True))
    with pytest.raises(TooLarge):
        asyncio.run(read_body(endless, 10))


def call(
    app: ASGIApp, receive: Receive, *, path: str = "/a", headers: Sequence[tuple[bytes, bytes]] = ()
) -> list[Message]:
    """What one request is answered: the messages that went out."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "headers": list(headers)}

    async def answer() -> None:
        await app(scope, receive, send)

    asyncio.run(answer())
    return sent


class Inner:
    """An app that keeps the body it got."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.bodies.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def bounded(inner: Inner, read_seconds: float = 5.0) -> BoundedBody:
    return BoundedBody(inner, limit=4, limits={"/big": 8}, read_seconds=read_seconds)


def test_the_app_gets_the_whole_body_at_once() -> None:
    inner = Inner()
    call(bounded(inner), receiver(part(b"ab", True), part(b"cd", False)))
    assert inner.bodies == [b"abcd"]


@pytest.mark.parametrize(
    ("path", "size", "status"), [("/a", 4, 200), ("/a", 5, 413), ("/big", 8, 200), ("/big", 9, 413)]
)
def test_each_path_has_its_limit(path: str, size: int, status: int) -> None:
    inner = Inner()
    sent = call(bounded(inner), receiver(part(b"x" * size, False)), path=path)
    assert sent[0]["status"] == status
    assert len(inner.bodies) == (status == 200)


def test_a_huge_announced_length_is_refused_unread() -> None:
    inner = Inner()
    sent = call(bounded(inner), receiver(), headers=[(b"content-length", b"999999999")])
    assert sent[0]["status"] == 413
    assert (b"connection", b"close") in sent[0]["headers"]
    assert inner.bodies == []


def test_a_slow_body_is_given_up() -> None:
    inner = Inner()
    sent = call(bounded(inner, read_seconds=0.02), receiver(part(b"a", True)))
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]
    assert inner.bodies == []


def test_a_sender_that_left_gets_no_answer_and_one_line() -> None:
    inner = Inner()
    lines: list[str] = []
    app = RequestLog(bounded(inner), log=lines.append, monotonic=lambda: 0.0, paths=frozenset({"/a"}))
    assert call(app, receiver({"type": "http.disconnect"})) == []
    assert lines == ["ERROR: POST /a - the sender left 0 ms"]


def test_a_request_that_is_stopped_leaves_a_line() -> None:
    lines: list[str] = []

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    async def nobody(message: Message) -> None:
        raise AssertionError(message)

    async def stopped() -> None:
        app = RequestLog(endless, log=lines.append, monotonic=lambda: 0.0, paths=frozenset({"/a"}))
        scope = {"type": "http", "method": "GET", "path": "/a", "headers": []}
        task = asyncio.ensure_future(app(scope, receiver(), nobody))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(stopped())
    assert lines == ["ERROR: GET /a - stopped before it was answered 0 ms"]


def test_the_backends_own_limits(client: TestClient, webhook: FakeWebhook) -> None:
    url = "/api/credits/webhook"
    assert client.post(url, content=b"x" * WEBHOOK_BODY_BYTES).status_code == 200
    response = client.post(url, content=b"x" * (WEBHOOK_BODY_BYTES + 1))
    assert response.status_code == 413
    assert response.json() == {"success": False, "message": "The body is larger than 1048576 bytes."}
    assert len(webhook.seen) == 1
    assert client.post("/api/credits/purchase", content=b"x" * (BODY_BYTES + 1)).status_code == 413
