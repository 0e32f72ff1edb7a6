"""ASGI middleware: request log, and request bodies bounded in size and time."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from creditctl.backend.error_handlers import failure
from creditctl.backend.logs import level_of

Log = Callable[[str], None]

READ_SECONDS = 10.0
"""How long a request's body may take to arrive."""

_DRAIN_BYTES = 8 * 1024 * 1024
"""How much of a body that is too large is read and thrown away, so that its sender gets to see the answer."""


_METHOD_CHARACTERS = 16


class TooLarge(Exception):
    """The body is longer than this path allows."""


class SenderGone(Exception):
    """The connection was closed before the body was complete."""


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body of a request. Errors: TooLarge; SenderGone."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise SenderGone
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size <= limit:
            parts.append(chunk)
        elif size > limit + _DRAIN_BYTES:
            raise TooLarge
        if not message.get("more_body", False):
            break
    if size > limit:
        raise TooLarge
    return b"".join(parts)


class BoundedBody:
    """Middleware that reads the whole body first; one that is too large (413) or too slow (408) never reaches the app.

    Units: limits in bytes, `read_seconds` in seconds. `limits` maps a path to its own limit.
    """

    def __init__(self, app: ASGIApp, *, limit: int, limits: dict[str, int], read_seconds: float = READ_SECONDS) -> None:
        self._app = app
        self._limit = limit
        self._limits = limits
        self._read_seconds = read_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection event of ASGI."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        limit = self._limits.get(scope["path"], self._limit)
        try:
            if _announced_length(scope) > limit + _DRAIN_BYTES:
                raise TooLarge
            async with asyncio.timeout(self._read_seconds):
                body = await read_body(receive, limit)
        except TooLarge:
            return await _refuse(413, f"The body is larger than {limit} bytes.", scope, receive, send)
        except TimeoutError:
            return await _refuse(408, "The body did not arrive in time.", scope, receive, send)
        except SenderGone:
            scope.setdefault("state", {})["outcome"] = "the sender left"
            return None
        return await self._app(scope, _replay(body, receive), send)


def _announced_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


async def _refuse(status: int, message: str, scope: Scope, receive: Receive, send: Send) -> None:
    # What is left of the body cannot be told from a next request: the connection must not be used again.
    await failure(status, message, {"Connection": "close"})(scope, receive, send)


class RequestLog:
    """Middleware that logs a line a request: method, route, status, `state.outcome` of the handler, milliseconds.

    Shape: paths are logged as the route they matched, query strings and headers never: they may hold personal data.
    A handler that raises is answered 500 here, and named by type and place: its message may hold anything.
    """

    def __init__(self, app: ASGIApp, *, log: Log, monotonic: Callable[[], float], paths: frozenset[str]) -> None:
        self._app = app
        self._log = log
        self._paths = paths
        self._monotonic = monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection event of ASGI."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        started = self._monotonic()
        state = scope.setdefault("state", {})
        watch = _Watch(send)
        try:
            await self._app(scope, receive, watch)
        except Exception as error:  # noqa: BLE001 - the backend's error boundary
            state["outcome"] = f"a bug: {_where(error)}"
            if watch.status is None:
                await failure(500, "Something went wrong on our side.")(scope, receive, watch)
        except asyncio.CancelledError:
            state["outcome"] = "stopped before it was answered"
            raise
        finally:
            self._log(self._line(scope, watch.status, state.get("outcome"), self._monotonic() - started))
        return None

    def _line(self, scope: Scope, status: int | None, outcome: str | None, seconds: float) -> str:
        words = [
            f"{level_of(status)}:",
            scope["method"][:_METHOD_CHARACTERS],
            self._route(scope),
            str(status or "-"),
            outcome,
        ]
        return " ".join(filter(None, [*words, f"{seconds * 1000:.0f} ms"]))

    def _route(self, scope: Scope) -> str:
        """The route that was asked for; a path that is none of ours may hold anything and is not repeated."""
        matched: str | None = getattr(scope.get("route"), "path", None)
        return matched or (scope["path"] if scope["path"] in self._paths else "(no such page)")


class _Watch:
    """A `send` that remembers the status that went out."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


def _where(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place
