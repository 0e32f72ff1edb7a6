"""HTTP/1.1 codec for the requests that API clients send: whole, with a Content-Length, and without surprises.

What is not of that form (chunks, upgrades, `Expect`, folded or repeated headers, other methods and versions, anything
malformed) is told apart here and read by uvicorn, which knows all of the protocol.

Source: RFC 9112, sections 2 to 6.
"""

import re
import time
from http import HTTPStatus
from urllib.parse import unquote

import msgspec

from creditctl.emulator.protocol.wire import Request, Response

LONGEST_HEAD = 32_768
LONGEST_BODY = 1_048_576
_LINE = re.compile(r"(GET|POST|DELETE) (/[!-~]*) HTTP/1\.1\Z")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LEFT_TO_UVICORN = frozenset({"transfer-encoding", "upgrade", "expect", "trailer", "te"})
_MOST_NAMES = 512
_names: dict[str, str] = {}
"""Header names as they were written, with their lower-case form: clients send the same few again and again."""


class NotPlain(Exception):
    """A request that is not of the plain form."""


class RequestHead(msgspec.Struct, frozen=True, gc=False):
    """The head of a request: how many bytes it takes, how many follow, and whether the connection ends after it."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    head_bytes: int
    body_bytes: int
    closes: bool

    def request(self, body: bytes) -> Request:
        """The request with its body."""
        return Request(self.method, self.path, self.query, self.headers, body)


def read_head(data: bytes) -> RequestHead | None:
    """The head at the beginning of `data`; None where more of it is to come. Errors: NotPlain."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        # A line that ends without a carriage return would keep us waiting for ever.
        if len(data) > LONGEST_HEAD or b"\n\n" in data or b"\n\r\n" in data or not data[:1].isalpha():
            raise NotPlain
        return None
    text = data[:end].decode("latin-1")
    first, *lines = text.split("\r\n")
    found = _LINE.match(first)
    if found is None or text.count("\n") != len(lines) or text.count("\r") != len(lines) or _CONTROL.search(text):
        raise NotPlain
    headers = _headers(lines)
    path, _, query = found[2].partition("?")
    return RequestHead(
        method=found[1],
        path=unquote(path) if "%" in path else path,
        query=query,
        headers=headers,
        head_bytes=end + 4,
        body_bytes=_body_bytes(headers),
        closes=_closes(headers),
    )


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        written, colon, value = line.partition(":")
        if not colon:
            raise NotPlain
        headers[_names.get(written) or _lower(written)] = value.strip(" \t")
    # A repeated header, or one that needs the whole protocol; a request to no host is refused.
    if len(headers) != len(lines) or "host" not in headers or not _LEFT_TO_UVICORN.isdisjoint(headers):
        raise NotPlain
    return headers


def _lower(written: str) -> str:
    if not _NAME.match(written):
        raise NotPlain
    if len(_names) < _MOST_NAMES:
        _names[written] = written.lower()
    return written.lower()


def _body_bytes(headers: dict[str, str]) -> int:
    given = headers.get("content-length", "0")
    if not (given.isascii() and given.isdigit() and len(given) < 10) or int(given) > LONGEST_BODY:
        raise NotPlain
    return int(given)


def _closes(headers: dict[str, str]) -> bool:
    wish = headers.get("connection", "keep-alive").lower()
    if wish not in ("keep-alive", "close"):
        raise NotPlain
    return wish == "close"


def written(response: Response, *, closes: bool) -> bytes:
    """An answer as it goes over the wire. Errors: ValueError for a header that would not stay on its line."""
    lines = [_status_line(response.status)]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    lines += [f"Date: {http_date()}", f"Content-Length: {len(response.body)}"]
    if closes:
        lines.append("Connection: close")
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1:
        raise ValueError("a header of the answer has a line end in it")
    return b"%b\r\n\r\n%b" % (head.encode("latin-1"), response.body)


_status_lines: dict[int, str] = {}
_dates: dict[int, str] = {}


def _status_line(status: int) -> str:
    line = _status_lines.get(status)
    if line is None:
        phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
        line = _status_lines[status] = f"HTTP/1.1 {status} {phrase}"
    return line


def http_date() -> str:
    """The time of day as HTTP writes it, made once a second."""
    now = int(time.time())
    date = _dates.get(now)
    if date is None:
        _dates.clear()
        date = _dates[now] = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now))
    return date
