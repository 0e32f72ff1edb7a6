"""Loopback server: uvicorn in front, the handler behind, deliveries sent in the background."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import uvicorn

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.asgi import AsgiApp

START_SECONDS = 10.0
GRACE_SECONDS = 1


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's delay off (40 ms an answer) only where the protocol is named.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    listener.set_inheritable(True)
    return listener


def _uvicorn(emulator: Emulator) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            AsgiApp(emulator),
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            ws="websockets-sansio",
            lifespan="on",
            timeout_keep_alive=75,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )


def _url(host: str, port: int) -> str:
    """The URL at which this machine reaches a listening host."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - shown, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class EmulatorServer:
    """The emulator on a port, in a thread, for the length of a `with` block."""

    def __init__(self, emulator: Emulator, host: str = "127.0.0.1", port: int = 0) -> None:
        self._socket = bind(host, port)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self.url = _url(host, self.port)
        self._server = _uvicorn(emulator)
        self._thread = threading.Thread(target=self._run, name="creditctl-emulator", daemon=True)

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise OSError("the emulator's server did not start")
            time.sleep(0.002)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(START_SECONDS)
        self._socket.close()


def serve(emulator: Emulator, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Run until stopped; raises OSError when the port is in use. `on_ready` is given the URL."""
    listener = bind(host, port)
    server = _uvicorn(emulator)

    async def run() -> None:
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started and not running.done():
            await asyncio.sleep(0.002)
        if server.started:
            on_ready(_url(host, listener.getsockname()[1]))
        await running

    try:
        asyncio.run(run())
    finally:
        listener.close()
