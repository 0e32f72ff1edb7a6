"""HTTP connection of the emulator's server: an asyncio protocol that answers requests at once, one after the other."""

import asyncio
import logging
from collections.abc import Callable

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request, Response
from creditctl.emulator.transports.http_parser import Incoming, RefusedRequest, RequestParser
from creditctl.emulator.transports.http_writer import written
from creditctl.emulator.transports.pace import answer_slowly, is_slow, waits

_LOG = logging.getLogger("creditctl.emulator")
READ_SECONDS = 10.0
"""How long a request may take from its first byte to its last; between requests a connection may wait for ever."""
HandOver = Callable[[asyncio.Transport, bytes], None]
"""Gives a connection, with what was read of its next request, to the server of websockets."""


class Connection(asyncio.Protocol):
    """One connection: reads a request, answers it, reads the next."""

    def __init__(
        self,
        emulator: Emulator,
        connections: set["Connection"],
        hand_over: HandOver,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._emulator, self._connections, self._hand_over = emulator, connections, hand_over
        self._parser = RequestParser()
        self._refused: RefusedRequest | None = None
        self._read_seconds = read_seconds
        self._reading_since: float | None = None
        """When the request began that has come in in part, on the loop's clock."""
        self._timer: asyncio.TimerHandle | None = None
        """Looks after that request. It is left alone when the request is whole: most of them are, long before."""
        self._unread = b""
        self._is_full = False
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
        if self._timer is not None:
            self._timer.cancel()
        self._connections.discard(self)

    def data_received(self, data: bytes) -> None:
        """Some bytes: a request, a part of one, or several."""
        try:
            self._unread += self._parser.feed(data)
        except RefusedRequest as refused:
            self._refused = refused
        self._wait_for_the_rest()
        self._proceed()

    def pause_writing(self) -> None:
        """The client reads slower than it asks: it is not asked for more."""
        self._is_full = True
        self._pace()

    def resume_writing(self) -> None:
        """The client has read what it asked for."""
        self._is_full = False
        self._wait_anew()
        self._pace()

    def _wait_for_the_rest(self) -> None:
        if self._parser.complete or not self._parser.has_begun:
            self._reading_since = None
        if self._parser.has_begun and self._reading_since is None:
            loop = asyncio.get_running_loop()
            self._reading_since = loop.time()
            if self._timer is None:
                self._timer = loop.call_later(self._read_seconds, self._look_at_the_time)

    def _wait_anew(self) -> None:
        """We read again: the rest of a request has its whole time from now on."""
        self._reading_since = None
        self._wait_for_the_rest()

    def _look_at_the_time(self) -> None:
        self._timer = None
        if self._reading_since is None:
            return
        loop = asyncio.get_running_loop()
        due = self._reading_since + self._read_seconds
        if due > loop.time():
            self._timer = loop.call_at(due, self._look_at_the_time)
        else:
            self._give_up()

    def _give_up(self) -> None:
        """Nothing more of the request came in time; while we do not read ourselves, that is not the client's fault."""
        self._reading_since = None
        if self._is_full or self.answering is not None:
            return
        self._refused = self._refused or RefusedRequest(408, "The request did not arrive in time.")
        self._proceed()

    def _proceed(self) -> None:
        """Answer what has come in whole; then say what was no request."""
        complete = self._parser.complete
        while complete and self.answering is None and not self.transport.is_closing():
            incoming = complete.pop(0)
            if incoming.upgrade is not None:
                self._connections.discard(self)
                self._hand_over(self.transport, incoming.upgrade + self._unread)
                return
            self._take(incoming)
        if self.answering is None and self._refused is not None:
            body = str(self._refused).encode()
            headers = {"Content-Type": "text/plain; charset=utf-8"}
            self._send(Response(self._refused.status, headers, body), "GET", closes=True)
        elif self.answering is None and self._parser.expects_continue and not self.transport.is_closing():
            self._parser.expects_continue = False
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._pace()

    def _pace(self) -> None:
        """Read no more while the client does not read, or while requests wait for the answer to one before them."""
        if self.transport.is_closing():
            return
        if self._is_full or (self.answering is not None and self._parser.complete):
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def _take(self, incoming: Incoming) -> None:
        if is_slow(incoming.request):
            self._answer_later(incoming, None)
            return
        response = self._emulator.handle(incoming.request)
        if waits(response):
            self._answer_later(incoming, response)
            return
        try:
            self._send(response, incoming.request.method, incoming.closes)
        finally:
            self._emulator.sent(response)

    def _answer_later(self, incoming: Incoming, response: Response | None) -> None:
        self.answering = asyncio.create_task(self._slowly(incoming.request, response, incoming.closes))
        self.answering.add_done_callback(self._answered)

    async def _slowly(self, request: Request, response: Response | None, closes: bool) -> None:
        async with answer_slowly(self._emulator, request, response) as ready:
            self._send(ready, request.method, closes)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self.answering = None
        if not task.cancelled() and task.exception() is not None:
            _LOG.error("an answer could not be sent", exc_info=task.exception())
            self.transport.abort()
        if not self.transport.is_closing():
            self._wait_anew()
            self._proceed()

    def _send(self, response: Response, method: str, closes: bool) -> None:
        if response.fate == "cut":
            self.transport.abort()
        if self.transport.is_closing():
            return
        self.transport.write(written(response, closes=closes, headed=method == "HEAD"))
        if closes:
            self.transport.close()
