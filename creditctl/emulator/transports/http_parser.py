"""HTTP request parser: the bytes of one connection to whole requests, by httptools (the parser of Node's server).

Source: RFC 9112; RFC 9110, 7.8 (an upgrade that a server does not know is ignored) and 10.1.1 (`100-continue`).
"""

from urllib.parse import unquote

import httptools
import msgspec

from creditctl.emulator.protocol.wire import Request

LONGEST_HEAD = 65_536
LONGEST_BODY = 33_554_432
_LONGEST_LENGTH = 20
_MOST_NAMES = 512
_names: dict[bytes, str] = {}
"""Header names as they were written, with their lower-case form: clients send the same few again and again."""


class RefusedRequest(Exception):
    """Bytes that are no request. Shape: `status` is the answer, after which the connection ends."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Incoming(msgspec.Struct, gc=False):
    """A request that has come in whole.

    Shape: `closes` says that the connection ends with its answer; `upgrade` is its head as it can be read again, where
    it asks for a websocket.
    """

    request: Request
    closes: bool
    upgrade: bytes | None = None


class RequestParser:
    """The parser of one connection. Shape: `complete` are the requests that nobody has taken yet."""

    def __init__(self) -> None:
        self.complete: list[Incoming] = []
        self.expects_continue = False
        """Whether the client waits for a word before it sends its body."""
        self.has_begun = False
        """Whether a request has come in in part."""
        self._begin()
        self._parser = _parser(self)

    def feed(self, data: bytes) -> bytes:
        """Read on; what follows a request for a websocket is given back unread. Errors: RefusedRequest."""
        while True:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
                self._parser = _parser(self)
                if self._headers.get("upgrade", "").lower() == "websocket":
                    return data
                # llhttp stops there; without the header it is a request like any other, and its body is read.
                del self._headers["upgrade"]
                data = self._head() + data
            except httptools.HttpParserCallbackError as error:
                raise error.__context__ if isinstance(error.__context__, RefusedRequest) else error from None
            except httptools.HttpParserError:
                raise RefusedRequest(400, "Invalid HTTP request received.") from None
            else:
                return b""

    def _begin(self) -> None:
        self._method, self._url = "", b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = 0

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self.has_begun = True
        self._begin()

    def on_url(self, url: bytes) -> None:
        """The target, or a piece of it."""
        self._url += url
        self._grow(len(url), LONGEST_HEAD, 431)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header of the head, or of the trailer, which nothing here reads."""
        self._grow(len(name) + len(value), LONGEST_HEAD, 431)
        lower = _names.get(name) or _lower(name)
        if lower == "host" and lower in self._headers:
            raise RefusedRequest(400, "A request names its host once.")
        self._headers[lower] = value.decode("latin-1").strip(" \t")

    def on_headers_complete(self) -> None:
        """The head has come in: a body may follow."""
        if "host" not in self._headers and self._parser.get_http_version() == "1.1":
            raise RefusedRequest(400, "A request names its host.")
        # Said before it is sent: nobody waits for a body that is not going to be read. Its form httptools has judged.
        if len(length := self._headers.get("content-length", "0")) > _LONGEST_LENGTH or int(length) > LONGEST_BODY:
            raise RefusedRequest(413, "The request is too large.")
        self.expects_continue = self._headers.get("expect", "").lower() == "100-continue"
        self._size = 0

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self.expects_continue = False
        self._body.append(body)
        self._grow(len(body), LONGEST_BODY, 413)

    def on_message_complete(self) -> None:
        """The last byte of a request."""
        self.expects_continue = self.has_begun = False
        self._method = self._parser.get_method().decode("ascii")
        if self._method == "CONNECT":
            raise RefusedRequest(400, "This is no proxy.")
        wants_websocket = self._headers.get("upgrade", "").lower() == "websocket"
        if self._parser.should_upgrade() and not wants_websocket:
            return
        path, query = _target(self._url)
        # A connection of HTTP/1.0 is kept only where the answer says so, and ours do not.
        closes = not self._parser.should_keep_alive() or self._parser.get_http_version() != "1.1"
        request = Request(self._method, path, query, self._headers, b"".join(self._body))
        upgrade = self._head() if self._parser.should_upgrade() else None
        self.complete.append(Incoming(request, closes, upgrade))

    def _grow(self, size: int, most: int, status: int) -> None:
        self._size += size
        if self._size > most:
            raise RefusedRequest(status, "The request is too large.")

    def _head(self) -> bytes:
        lines = [f"{self._method} {self._url.decode('latin-1')} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self._headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _parser(callbacks: RequestParser) -> httptools.HttpRequestParser:
    parser = httptools.HttpRequestParser(callbacks)
    # What a client sends after `Connection: close` is not read; by itself it is no fault of the request before it.
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser


def _lower(name: bytes) -> str:
    lower = name.decode("latin-1").lower()
    if len(_names) < _MOST_NAMES:
        _names[name] = lower
    return lower


def _target(url: bytes) -> tuple[str, str]:
    """Path, without escapes, and query of a request's target."""
    try:
        found = httptools.parse_url(url)
    except httptools.HttpParserInvalidURLError:
        raise RefusedRequest(400, "The request's target is no URL.") from None
    path = (found.path or b"/").decode("latin-1")
    return unquote(path) if "%" in path else path, (found.query or b"").decode("latin-1")
