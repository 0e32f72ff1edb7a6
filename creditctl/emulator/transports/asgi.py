"""ASGI application: requests to the handler, answers, cut connections, websockets, background work."""

import asyncio
import time
from typing import TYPE_CHECKING

from creditctl.emulator.app import Emulator
from creditctl.emulator.control.api import PREFIX
from creditctl.emulator.protocol.wire import Request, Response
from creditctl.emulator.transports.background import Background

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

LONGEST_WAIT_SECONDS = 10.0
"""Source: Stripe docs, "Fulfill orders": Checkout waits up to ten seconds for the answer to the completed session."""


class AsgiApp:
    """An ASGI application around a handler."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Requests go straight to the handler; Starlette, which takes time to load, serves websockets only."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            from creditctl.emulator.transports.websockets import subscribe

            await subscribe(self._emulator, scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _live(self, receive: "Receive", send: "Send") -> None:
        """From the server's start to its end there is a worker in the background."""
        await receive()
        async with Background(self._emulator):
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        request = await _request(scope, receive)
        # A control may take seconds (seeding, a snapshot), a search too: it must not stop the event loop.
        if request.path.startswith((PREFIX, "/search")):
            response = await asyncio.to_thread(self._emulator.handle, request)
        else:
            response = self._emulator.handle(request)
        try:
            if response.delay_seconds:
                await asyncio.sleep(response.delay_seconds)
            if response.awaits:
                await self._first_answers(*response.awaits)
            await _answer(response, send)
        finally:
            self._emulator.sent(response)

    async def _first_answers(self, scope: int, event: str) -> None:
        """Keep a buyer's redirect back until the shop has answered the event of the payment, ten seconds at most."""
        deadline = time.monotonic() + LONGEST_WAIT_SECONDS
        while time.monotonic() < deadline and self._emulator.awaits_answers(scope, event):
            await asyncio.sleep(0.02)


async def _request(scope: "Scope", receive: "Receive") -> Request:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, body)


async def _answer(response: Response, send: "Send") -> None:
    if response.fate == "cut" and _cut(send):
        return
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


def _cut(send: "Send") -> bool:
    """Drop the connection without a byte: ASGI has no word for it, uvicorn's request cycle has the transport."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        return False
    transport.abort()
    return True
