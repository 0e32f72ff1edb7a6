"""HTTP server (uvicorn) of the backend: in a thread for tests and demos, or as the process of `creditctl serve`."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType, TracebackType
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol

from creditctl.backend.acceptor import Acceptor, connection_limit
from creditctl.core.errors import ConfigurationError, ExitCode
from creditctl.core.keys import redact

HEAD_SECONDS = 10.0
"""How long a connection may take to say what it wants."""

GRACEFUL_SECONDS = 30
"""How long a stop waits for requests that have begun; then they are cut off, and Stripe sends its events again."""

_START_SECONDS = 10.0
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def bind(host: str, port: int) -> socket.socket:
    """Binds a listening socket; port 0 takes any free one.

    Errors: ConfigurationError saying what stands in the way.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror:
        raise ConfigurationError(
            f"{host} is no address of this machine.",
            code="serve.host",
            fix="Leave --host away to listen on 127.0.0.1, or name an address of this machine.",
        ) from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # Listening at once: two programs that bound the same port with SO_REUSEADDR would find out too late.
        listener.listen(socket.SOMAXCONN)
    except OSError as error:
        listener.close()
        raise _cannot_listen(host, port, error) from None
    return listener


def url_of(listener: socket.socket) -> str:
    """Builds the URL at which this machine reaches a listening socket."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - shown, not bound
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def _cannot_listen(host: str, port: int, error: OSError) -> ConfigurationError:
    if error.errno == errno.EADDRINUSE:
        return ConfigurationError(
            f"Port {port} on {host} is in use by another program.",
            code="serve.port_in_use",
            fix="Stop that program, or choose another port with --port (0 takes any free one).",
        )
    reason = (error.strerror or str(error)).lower()
    return ConfigurationError(
        f"Cannot listen on {host} port {port}: {reason}.",
        code="serve.cannot_listen",
        fix="Choose a port above 1023 with --port, and an address of this machine with --host.",
    )


class _ImpatientProtocol(H11Protocol):
    """uvicorn's protocol, which gives up on connections that do not get round to a request.

    uvicorn bounds the size of a request's head but not its time, and any byte stops its keep-alive timer.
    """

    def __init__(self, *arguments: Any, head_seconds: float, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._head_seconds = head_seconds
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    def _watch_head(self) -> None:
        busy = self.cycle is not None and not self.cycle.response_complete
        if busy:
            self._stop_watching()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(self._head_seconds, self._give_up)

    def _stop_watching(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        busy = self.cycle is not None and not self.cycle.response_complete
        if not busy and not self.transport.is_closing():
            self.transport.close()


class _Server(uvicorn.Server):
    """uvicorn's server on one listener of ours, which says when it is ready and keeps the signal that stopped it."""

    def __init__(self, config: Config, listener: socket.socket, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._listener = listener
        self._on_ready = on_ready
        self._acceptor: Acceptor | None = None
        self.stopped_by: int | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._acceptor = Acceptor(
            self._listener,
            self._new_protocol,
            count=lambda: len(self.server_state.connections),
            limit=connection_limit(),
            log=logging.getLogger("uvicorn.error").warning,
        )
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._acceptor is not None:
            self._acceptor.stop()
        self._listener.close()
        await super().shutdown(sockets)

    def _new_protocol(self) -> asyncio.Protocol:
        config, state = self.config, self.server_state
        made: asyncio.Protocol = config.http_protocol_class(  # type: ignore[call-arg]
            config=config, server_state=state, app_state=self.lifespan.state
        )
        return made

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals alone: uvicorn would raise them again after a graceful stop, and the exit code be lost."""
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.stopped_by = self.stopped_by or sig
        super().handle_exit(sig, frame)


def _server(
    app: ASGIApp, listener: socket.socket, on_ready: Callable[[], None], head_seconds: float = HEAD_SECONDS
) -> _Server:
    config = Config(
        app,
        http=partial(_ImpatientProtocol, head_seconds=head_seconds),  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,  # ours says more, and leaves query strings out
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )
    return _Server(config, listener, on_ready)


class BackendServer:
    """Server thread: an app on a loopback port, served for as long as the context lasts.

    Shape:  `listener` is a socket from `bind`, for who has to know the URL before the app can be built.
    Errors: ConfigurationError if the port cannot be had.
    """

    def __init__(
        self,
        app: ASGIApp,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        listener: socket.socket | None = None,
        head_seconds: float = HEAD_SECONDS,
    ) -> None:
        self._listener = listener or bind(host, port)
        self.url = url_of(self._listener)
        self._ready = threading.Event()
        self._server = _server(app, self._listener, self._ready.set, head_seconds)
        self._thread = threading.Thread(target=self._run, name="creditctl-backend", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(_START_SECONDS) or not self._thread.is_alive():
            self.close()
            raise RuntimeError("the backend did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stops taking requests, finishes those that have begun, and ends the thread."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[])
        finally:
            self._ready.set()


def serve(
    app: ASGIApp, listener: socket.socket, *, log: Callable[[str], None], on_ready: Callable[[], None]
) -> ExitCode:
    """Serves until SIGTERM (0) or Ctrl-C (130), finishing what has begun; a second Ctrl-C does not wait.

    Shape: call it from the main thread; `on_ready` runs once requests are answered.
    """
    server = _server(app, listener, on_ready)
    before = {number: signal.signal(number, server.handle_exit) for number in _STOP_SIGNALS}
    try:
        with _uvicorn_says(log):
            server.run(sockets=[])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        listener.close()
    return ExitCode.STOPPED if server.stopped_by == signal.SIGINT else ExitCode.OK


class _ToLog(logging.Handler):
    """uvicorn's warnings as lines of our log."""

    def __init__(self, log: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """One line, without the traceback that a record may carry."""
        self._log(redact(f"{record.levelname}: {record.getMessage()}"))


@contextlib.contextmanager
def _uvicorn_says(log: Callable[[str], None]) -> Iterator[None]:
    logger = logging.getLogger("uvicorn.error")
    handler = _ToLog(log)
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
