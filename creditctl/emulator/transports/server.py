"""Loopback server: connections in front, the handler behind, deliveries sent in the background."""

import asyncio
import errno
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any, Self

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.background import Background
from creditctl.emulator.transports.connection import READ_SECONDS, Connection
from creditctl.emulator.transports.websocket_handover import WebsocketHandOver

START_SECONDS = 10.0
GRACE_SECONDS = 1.0
BACKLOG = 2048
ACCEPTED_AT_ONCE = 8
"""Connections accepted in one go: asyncio reports a full table of descriptors once for each of them, every second."""
CALM_SECONDS = 60.0
"""How long descriptors must have been enough before their end is worth another line."""
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_LOG = logging.getLogger("creditctl.emulator")


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's delay off (40 ms an answer) only where the protocol is named.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.set_inheritable(True)
    return listener


def _url(host: str, port: int) -> str:
    """The URL at which this machine reaches a listening host."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - shown, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Serving:
    """The connections of one emulator, from the server's start to its end."""

    def __init__(self, emulator: Emulator, read_seconds: float = READ_SECONDS) -> None:
        self._emulator, self._read_seconds = emulator, read_seconds
        self._websockets = WebsocketHandOver(emulator)
        self._connections: set[Connection] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end = asyncio.Event()
        self._calm_from = 0.0
        self.started = False

    async def run(self, listener: socket.socket, on_ready: Callable[[], None]) -> None:
        """Serve until `stop` is called."""
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._report)
        async with Background(self._emulator):
            server = await self._loop.create_server(self._connection, sock=listener, backlog=ACCEPTED_AT_ONCE)
            listener.listen(BACKLOG)
            try:
                self.started = True
                on_ready()
                await self._end.wait()
            finally:
                server.close()
                await self._leave()

    def stop(self) -> None:
        """End the serving; from any thread, or a signal's handler."""
        if self._loop is None:
            self._end.set()
            return
        with suppress(RuntimeError):  # the loop has ended by itself
            self._loop.call_soon_threadsafe(self._end.set)

    def _connection(self) -> Connection:
        return Connection(self._emulator, self._connections, self._websockets.take, self._read_seconds)

    def _report(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Report what the loop could not do; that descriptors are used up in one line, until there were enough."""
        error = context.get("exception")
        if "socket" not in context or not isinstance(error, OSError) or error.errno not in _EXHAUSTED:
            loop.default_exception_handler(context)
            return
        if loop.time() >= self._calm_from:
            _LOG.warning("New connections wait: %s. Close what is not needed, or raise `ulimit -n`.", error.strerror)
        self._calm_from = loop.time() + CALM_SECONDS

    async def _leave(self) -> None:
        """Let answers that are on their way go out, for a while; then end all connections."""
        late = [each.answering for each in self._connections if each.answering is not None]
        for connection in [each for each in self._connections if each.answering is None]:
            connection.transport.close()
        if late:
            await asyncio.wait(late, timeout=GRACE_SECONDS)
        await self._websockets.stop(GRACE_SECONDS)
        for connection in list(self._connections):
            connection.transport.abort()
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


class EmulatorServer:
    """The emulator on a port, in a thread, for the length of a `with` block."""

    def __init__(
        self, emulator: Emulator, host: str = "127.0.0.1", port: int = 0, *, read_seconds: float = READ_SECONDS
    ) -> None:
        self._socket = bind(host, port)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self.url = _url(host, self.port)
        self._serving = _Serving(emulator, read_seconds)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="creditctl-emulator", daemon=True)

    def _run(self) -> None:
        try:
            asyncio.run(self._serving.run(self._socket, self._ready.set))
        finally:
            self._ready.set()

    def __enter__(self) -> Self:
        self._thread.start()
        if not (self._ready.wait(START_SECONDS) and self._serving.started):
            raise OSError("the emulator's server did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._serving.stop()
        self._thread.join(START_SECONDS)
        self._socket.close()


def serve(emulator: Emulator, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Run until stopped; raises OSError when the port is in use. `on_ready` is given the URL."""
    listener = bind(host, port)
    serving = _Serving(emulator)
    try:
        with _stopped_by_signals(serving.stop):
            asyncio.run(serving.run(listener, lambda: on_ready(_url(host, listener.getsockname()[1]))))
    finally:
        listener.close()


@contextmanager
def _stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM stop the serving in good order; what the program does about them comes after it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    seen: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        seen.append(number)
        stop()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if seen:
        signal.raise_signal(seen[0])
