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


class ListPage(msgspec.Struct, frozen=True):
    """A page of a list, from bodies as they are stored; some lists say how many items they hold."""

    url: str
    bodies: list[bytes]
    more: bool
    counted: bool = False

    def compact(self) -> bytes:
        """The page without spaces, as it is rendered for older versions and decoded."""
        more = b"true" if self.more else b"false"
        count = b',"count":%d' % len(self.bodies) if self.counted else b""
        # One text in one step: a page may be large, and each copy of it costs.
        return b'{"object":"list","data":[%b],"has_more":%b,"url":"%b"%b}' % (
            b",".join(self.bodies),
            more,
            self.url.encode(),
            count,
        )

    def indented(self) -> bytes:
        """The page as it goes over the wire; one that is the same as before is not written again."""
        # To compare the bodies of two pages costs a tenth of what it costs to indent them.
        place = (self.url, self.bodies[0][:48] if self.bodies else b"", len(self.bodies))
        kept = _KEPT.get(place)
        if kept is not None and kept[0] == self:
            return kept[1]
        if len(_KEPT) >= MOST_KEPT:
            _KEPT.clear()
        written = indented(self.compact())
        _KEPT[place] = (self, written)
        return written


MOST_KEPT = 64
_KEPT: dict[tuple[str, bytes, int], tuple[ListPage, bytes]] = {}
"""Pages as they were written, by URL, by how their first body begins (with its id) and by length."""
