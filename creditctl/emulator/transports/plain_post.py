"""HTTP/1.1 client of one POST to a plain http address: a connection for each webhook delivery, bounded in time.

httpx takes several times as long for it, and longer still to be imported and to read certificates that no plain address
needs; what is not plain (TLS, a name and password, letters to be escaped) is left to it.

Source: RFC 9112, 6.3 (where a body ends); RFC 9110, 15.2 (answers before the answer).
"""

import asyncio
import re
import zlib
from collections.abc import Mapping
from contextlib import suppress

import httptools

from creditctl.emulator.protocol.wire import Reply

_PLAIN = re.compile(
    r"http://(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>(?:[/?][A-Za-z0-9/?:@!$&'()*+,;=%._~-]*)?)\Z"
)
# What httpx says of itself too.
_COMMON = {"Accept-Encoding": "gzip, deflate", "Connection": "keep-alive"}
_GZIP_OR_ZLIB = 47
CUT_OFF = "the receiver closed the connection before its answer was complete"


def is_plain(url: str) -> bool:
    """Whether this client can post to a URL."""
    found = _PLAIN.match(url)
    return found is not None and int(found["port"] or 80) <= 65_535


async def post_plain(url: str, headers: Mapping[str, str], body: bytes, *, seconds: float, most: int) -> Reply:
    """The answer to one POST, of its body the first `most` bytes; redirects are not followed.

    Errors: OSError, TimeoutError included, where there is no whole answer within so many seconds.
    """
    found = _PLAIN.match(url)
    assert found is not None, "asked of is_plain before"
    host, port = found["host"], int(found["port"] or 80)
    try:
        async with asyncio.timeout(seconds):
            loop = asyncio.get_running_loop()
            transport, exchange = await loop.create_connection(
                lambda: _Exchange(_request(host, port, found["target"], headers, body), most),
                host.strip("[]"),
                port,
                happy_eyeballs_delay=0.25,
            )
            try:
                return await exchange.answer
            finally:
                transport.abort()
    except TimeoutError:
        raise TimeoutError(f"no answer within {seconds:g} seconds") from None


def _request(host: str, port: int, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    target = target if target.startswith("/") else f"/{target}"
    named = host if port == 80 else f"{host}:{port}"
    sent = {"Host": named, **_COMMON, **headers, "Content-Length": str(len(body))}
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


class _Exchange(asyncio.Protocol):
    """One request on its way, and what is read of its answer."""

    def __init__(self, request: bytes, most: int) -> None:
        self.answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._request, self._most = request, most
        self._parser = httptools.HttpResponseParser(self)
        # A receiver may be three lines of shell: it is understood where its lines end in a line feed alone.
        self._parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True, lenient_data_after_close=True)
        self._headers: dict[str, str] = {}
        self._body = b""
        self._is_in_body = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The receiver takes the connection."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Some bytes of the answer."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(f"what the receiver answers is no HTTP: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        """The receiver has closed the connection: an answer that gives no length ends there."""
        if exc is None and self._is_in_body and not self._says_where_it_ends():
            self.on_message_complete()
        self._fail(CUT_OFF if exc is None else str(exc))

    def _says_where_it_ends(self) -> bool:
        return "content-length" in self._headers or "chunked" in self._headers.get("transfer-encoding", "").lower()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header of the answer."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The head of the answer has come in."""
        self._is_in_body = True

    def on_body(self, body: bytes) -> None:
        """A piece of the body; what nobody will look at is not kept."""
        self._body += body[: self._most - len(self._body)]

    def on_message_complete(self) -> None:
        """The end of the answer, or of one before it, as `100 Continue`."""
        self._is_in_body = False
        status = self._parser.get_status_code()
        if 100 <= status < 200 and status != 101:
            self._headers.clear()
        elif not self.answer.done():
            self.answer.set_result(Reply(status, self._readable(), self._headers))

    def _readable(self) -> bytes:
        """The body without its compression; as it came where it is none of those that were offered."""
        if self._headers.get("content-encoding", "") in ("gzip", "deflate"):
            with suppress(zlib.error):
                return zlib.decompressobj(_GZIP_OR_ZLIB).decompress(self._body, self._most)
        return self._body

    def _fail(self, message: str) -> None:
        if not self.answer.done():
            self.answer.set_exception(ConnectionError(message))
