"""ASGI application behind uvicorn: websockets, and a 400 for a request that asked for one wrongly."""

from typing import TYPE_CHECKING

from creditctl.emulator.app import Emulator

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class WebsocketApp:
    """The ASGI application of one emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve a connection; Starlette, which takes time to load, is imported at the first."""
        if scope["type"] == "websocket":
            from creditctl.emulator.transports.websockets import subscribe

            await subscribe(self._emulator, scope, receive, send)
            return
        from starlette.responses import PlainTextResponse

        refusal = PlainTextResponse("This is no request for a websocket.", 400, {"Connection": "close"})
        await refusal(scope, receive, send)
