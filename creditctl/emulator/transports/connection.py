"""HTTP connection of the emulator's server: an asyncio protocol that answers plain requests at once, one by one."""

import asyncio
import logging
from collections.abc import Callable

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request, Response
from creditctl.emulator.transports.pace import answer_slowly, is_slow, waits
from creditctl.emulator.transports.plain_http import NotPlain, RequestHead, read_head, written

_LOG = logging.getLogger("creditctl.emulator")
MOST_BUFFERED = 2_097_152
HandOver = Callable[[asyncio.Transport, bytes], None]
"""Gives a connection, with what was read of its next request, to a server that knows all of HTTP."""


class Connection(asyncio.Protocol):
    """One connection: reads a request, answers it, reads the next."""

    def __init__(self, emulator: Emulator, connections: set["Connection"], hand_over: HandOver) -> None:
        self._emulator, self._connections, self._hand_over = emulator, connections, hand_over
        self._buffer = b""
        self._head: RequestHead | None = None
        self.answering: asyncio.Task[None] | None = None
        """The answer that takes time, while it does."""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has left; what it asked for is carried out all the same."""
        del exc
        self._connections.discard(self)

    def data_received(self, data: bytes) -> None:
        """Some bytes: a request, a part of one, or several."""
        self._buffer = self._buffer + data if self._buffer else data
        if self.answering is None:
            self._proceed()
        elif len(self._buffer) > MOST_BUFFERED:
            self.transport.pause_reading()

    def pause_writing(self) -> None:
        """The client reads slower than it asks: it is not asked for more."""
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """The client has read what it asked for."""
        self.transport.resume_reading()

    def _proceed(self) -> None:
        """Answer what has come in whole."""
        while self._buffer and self.answering is None and not self.transport.is_closing():
            try:
                head = self._head or read_head(self._buffer)
            except NotPlain:
                self._leave()
                return
            if head is None or len(self._buffer) < head.head_bytes + head.body_bytes:
                self._head = head
                return
            end = head.head_bytes + head.body_bytes
            body, self._buffer, self._head = self._buffer[head.head_bytes : end], self._buffer[end:], None
            self._take(head.request(body), head.closes)

    def _leave(self) -> None:
        self._connections.discard(self)
        self._hand_over(self.transport, self._buffer)

    def _take(self, request: Request, closes: bool) -> None:
        if is_slow(request):
            self._answer_later(request, None, closes)
            return
        response = self._emulator.handle(request)
        if waits(response):
            self._answer_later(request, response, closes)
            return
        try:
            self._send(response, closes)
        finally:
            self._emulator.sent(response)

    def _answer_later(self, request: Request, response: Response | None, closes: bool) -> None:
        self.answering = asyncio.create_task(self._slowly(request, response, closes))
        self.answering.add_done_callback(self._answered)

    async def _slowly(self, request: Request, response: Response | None, closes: bool) -> None:
        async with answer_slowly(self._emulator, request, response) as ready:
            self._send(ready, closes)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self.answering = None
        if not task.cancelled() and task.exception() is not None:
            _LOG.error("an answer could not be sent", exc_info=task.exception())
            self.transport.abort()
        if not self.transport.is_closing():
            self.transport.resume_reading()
            self._proceed()

    def _send(self, response: Response, closes: bool) -> None:
        if response.fate == "cut":
            self.transport.abort()
        if self.transport.is_closing():
            return
        self.transport.write(written(response, closes=closes))
        if closes:
            self.transport.close()
