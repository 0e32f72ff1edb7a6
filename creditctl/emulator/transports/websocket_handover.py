"""Websockets by uvicorn: a connection whose request asks for one is handed over, with what was read of it.

uvicorn is imported at the first of them: API clients need none of it, and its import would take longer than all the
rest of an emulator's start.

Source: uvicorn's own hand-over of a connection to a websocket protocol, `H11Protocol.handle_websocket_upgrade`.
"""

import asyncio
from typing import TYPE_CHECKING

from creditctl.emulator.app import Emulator

if TYPE_CHECKING:
    from uvicorn import Config
    from uvicorn.server import ServerState

KEEP_ALIVE_SECONDS = 75
_LOOK_AGAIN_SECONDS = 0.02


class WebsocketHandOver:
    """The connections that uvicorn has."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._loaded: tuple[Config, ServerState] | None = None

    def take(self, transport: asyncio.Transport, data: bytes) -> None:
        """Go on with a connection; `data` is its request for a websocket, and what follows."""
        config, state = self._loaded = self._loaded or _load(self._emulator)
        protocol = config.http_protocol_class(config=config, server_state=state, app_state={})  # type: ignore[call-arg]
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        protocol.data_received(data)

    async def stop(self, grace_seconds: float) -> None:
        """Let requests be answered for a while, then end all connections."""
        if self._loaded is None:
            return
        state = self._loaded[1]
        for connection in list(state.connections):
            connection.shutdown()
        tries = int(grace_seconds / _LOOK_AGAIN_SECONDS)
        while (state.connections or state.tasks) and tries:
            tries -= 1
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        for connection in list(state.connections):
            connection.transport.abort()
        for task in list(state.tasks):
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)


def _load(emulator: Emulator) -> "tuple[Config, ServerState]":
    from uvicorn import Config
    from uvicorn.server import ServerState

    from creditctl.emulator.transports.websocket_app import WebsocketApp

    config = Config(
        WebsocketApp(emulator),
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        http="h11",
        ws="websockets-sansio",
        lifespan="off",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    config.load()
    return config, ServerState()
