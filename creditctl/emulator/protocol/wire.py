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
