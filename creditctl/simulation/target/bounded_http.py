"""Bounded HTTP: a request whose answer is read up to a size and for a time, whatever a backend sends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

MOST_BYTES = 4_000_000
MOST_SECONDS = 60.0
_KEPT = ("content-type", "location")


def request_bounded(
    http: httpx.Client,
    method: str,
    url: str,
    *,
    headers: Sequence[tuple[bytes, bytes]] = (),
    content: bytes | None = None,
    ready: Callable[[], None] | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> httpx.Response:
    """One request; of an answer that has no end the beginning is returned.

    Shape:  a response with its status, type, place and text. `ready` is called when connection and headers stand,
            and the body waits for its return; of a request without a body, before anything is sent.
    Errors: httpx.HTTPError; httpx.ReadTimeout also where the whole answer takes too long.
    """
    import httpx

    end, body = monotonic() + MOST_SECONDS, bytearray()
    sent: bytes | Iterator[bytes] | None = content
    if ready is not None and content:
        headers, sent = [*headers, (b"Content-Length", b"%d" % len(content))], _held(content, ready)
    elif ready is not None:
        ready()
    with http.stream(method, url, headers=headers, content=sent) as response:
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) >= MOST_BYTES:
                break
            if monotonic() > end:
                raise httpx.ReadTimeout(f"the answer took more than {MOST_SECONDS:.0f} seconds")
    kept = {name: response.headers[name] for name in _KEPT if name in response.headers}
    return httpx.Response(response.status_code, headers=kept, content=bytes(body[:MOST_BYTES]))


def _held(content: bytes, ready: Callable[[], None]) -> Iterator[bytes]:
    """A body that leaves when it may."""
    ready()
    yield content
