"""ASGI application: the handler behind uvicorn, for connections that are not plain; websockets go their own way."""

from typing import TYPE_CHECKING

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request, Response
from creditctl.emulator.transports.pace import answer_slowly
from creditctl.emulator.transports.plain_http import http_date

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class AsgiApp:
    """An ASGI application around a handler."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Requests go straight to the handler; Starlette, which takes time to load, serves websockets only."""
        if scope["type"] == "websocket":
            from creditctl.emulator.transports.websockets import subscribe

            await subscribe(self._emulator, scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        async with answer_slowly(self._emulator, await _request(scope, receive)) as response:
            await _answer(response, send)


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
    headers += [(b"date", http_date().encode()), (b"content-length", str(len(response.body)).encode())]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


def _cut(send: "Send") -> bool:
    """Drop the connection without a byte: ASGI has no word for it, uvicorn's request cycle has the transport."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        return False
    transport.abort()
    return True
