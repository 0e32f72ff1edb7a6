"""Requests and responses of the handler, free of any HTTP library."""

from collections.abc import Callable, Mapping

import msgspec


class Request(msgspec.Struct, frozen=True, gc=False):
    """One HTTP request; header names are lower-case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Response(msgspec.Struct):
    """One HTTP answer, and how a transport sends it.

    `fate` tells it to drop the connection instead; `delay_seconds` to be late; `key` is the idempotency key that is in
    use until then; `awaits` names the event whose first answers a buyer's redirect waits for. Both keys begin with the
    number of the account's scope.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    fate: str = "send"
    delay_seconds: float = 0.0
    key: tuple[int, str] | None = None
    awaits: tuple[int, str] | None = None


class Reply(msgspec.Struct, frozen=True):
    """What a webhook receiver answered."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


Send = Callable[[str, Mapping[str, str], bytes], Reply]
"""Outgoing HTTP: (url, headers, body) to a reply; raises on a failed connection or a timeout."""


class ListPage(msgspec.Struct, frozen=True):
    """A page of a list, from bodies as they are stored; some lists say how many items they hold."""

    url: str
    bodies: list[bytes]
    more: bool
    counted: bool = False

    def text(self) -> bytes:
        """The page as it goes over the wire."""
        start, end = (b"[\n    ", b"\n  ]") if self.bodies else (b"[", b"]")
        more = b"true" if self.more else b"false"
        count = b',\n  "count": %d' % len(self.bodies) if self.counted else b""
        # Put together, not filled into a pattern: a page may be large, and a pattern makes it grow by and by.
        data = (b'{\n  "object": "list",\n  "data": ', start, b",\n    ".join(self.bodies), end)
        rest = (b',\n  "has_more": ', more, b',\n  "url": "', self.url.encode(), b'"', count, b"\n}")
        return b"".join(data + rest)
