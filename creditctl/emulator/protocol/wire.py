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


def indented(body: bytes) -> bytes:
    """A JSON body as Stripe writes it, indented by two spaces: shell tools and the official CLI read it by lines."""
    return msgspec.json.format(body, indent=2)


MOST_KEPT = 1024
_KEPT: dict[bytes, tuple[bytes, bytes]] = {}
"""Bodies as they stand in lists, by how they begin (with their id): lists are read again and again."""


def _in_list(body: bytes) -> bytes:
    """A body as it stands in the `data` of an indented list."""
    # To compare two bodies is much cheaper than to hash one, or to indent it.
    kept = _KEPT.get(body[:48])
    if kept is not None and kept[0] == body:
        return kept[1]
    if len(_KEPT) >= MOST_KEPT:
        _KEPT.clear()
    written = indented(body).replace(b"\n", b"\n    ")
    _KEPT[body[:48]] = (body, written)
    return written


class ListPage(msgspec.Struct, frozen=True):
    """A page of a list, from bodies as they are stored; some lists say how many items they hold."""

    url: str
    bodies: list[bytes]
    more: bool
    counted: bool = False

    def compact(self) -> bytes:
        """The page without spaces, as it is rendered for older versions and decoded."""
        rest = b'],"has_more":%b,"url":"%b"%b}'
        return _joined(b'{"object":"list","data":[', self.bodies, b",", rest % self._values(b',"count":%d'))

    def indented(self) -> bytes:
        """The page as it goes over the wire: what `indented` makes of the compact one, without reading it again."""
        head = b'{\n  "object": "list",\n  "data": [' + (b"\n    " if self.bodies else b"")
        rest = (b"\n  " if self.bodies else b"") + b'],\n  "has_more": %b,\n  "url": "%b"%b\n}'
        values = self._values(b',\n  "count": %d')
        return _joined(head, [_in_list(body) for body in self.bodies], b",\n    ", rest % values)

    def _values(self, count: bytes) -> tuple[bytes, bytes, bytes]:
        more = b"true" if self.more else b"false"
        return more, self.url.encode(), count % len(self.bodies) if self.counted else b""


def _joined(head: bytes, bodies: list[bytes], between: bytes, rest: bytes) -> bytes:
    """One text in one step: a page may be large, and each copy of it costs."""
    parts = [head]
    for body in bodies:
        parts += (body, between)
    if bodies:
        parts.pop()
    parts.append(rest)
    return b"".join(parts)
