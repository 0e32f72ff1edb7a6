"""The websocket that `stripe listen` and `stripe logs tail` dial."""

import asyncio
import json
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request
from creditctl.emulator.webhooks.listeners import ListenSession

PROTOCOL = "stripecli-devproxy-v1"
LONGEST_WAIT_SECONDS = 1.0


async def subscribe(emulator: Emulator, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve `/subscribe/{account}`; other paths have no websocket, and pages of other sites get none."""
    socket = WebSocket(scope, receive, send)
    request = Request("GET", scope["path"], headers=dict(socket.headers))
    if not scope["path"].startswith("/subscribe/") or emulator.caller_fault(request) is not None:
        await socket.close()
        return
    await Subscription(emulator)(socket)


class Subscription:
    """The endpoint `/subscribe/{account}` of one emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def __call__(self, socket: WebSocket) -> None:
        """Serve one connection for as long as it lasts."""
        session = self._emulator.listener(socket.headers.get("websocket-id", ""))
        if session is None:
            body = {"error": {"message": "Unknown WebSocket ID."}}
            await socket.send_denial_response(JSONResponse(body, status_code=400))
            return
        offered = socket.headers.get("sec-websocket-protocol", "")
        await socket.accept(subprotocol=PROTOCOL if PROTOCOL in offered else None)
        wake = asyncio.Event()
        loop = asyncio.get_running_loop()

        def call_up() -> None:
            loop.call_soon_threadsafe(wake.set)

        self._emulator.listener_connects(session, call_up)
        sender = asyncio.create_task(self._send(socket, session, wake))
        try:
            await self._receive(socket, session)
        finally:
            sender.cancel()
            self._emulator.listener_leaves(session)
            await asyncio.gather(sender, return_exceptions=True)

    async def _send(self, socket: WebSocket, session: ListenSession, wake: asyncio.Event) -> None:
        while True:
            wake.clear()
            for frame in self._emulator.listener_frames(session):
                await socket.send_text(frame.decode())
            try:
                async with asyncio.timeout(LONGEST_WAIT_SECONDS):
                    await wake.wait()
            except TimeoutError:
                continue

    async def _receive(self, socket: WebSocket, session: ListenSession) -> None:
        while True:
            try:
                text = await socket.receive_text()
            # A binary frame (KeyError) or a socket closed meanwhile (RuntimeError) ends the connection like any other
            # end.
            except (WebSocketDisconnect, KeyError, RuntimeError):
                return
            message: Any = json.loads(text)
            if isinstance(message, dict):
                self._emulator.listener_answers(session, message)
