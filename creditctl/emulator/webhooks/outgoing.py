"""HTTP sender of one webhook delivery: bounded in time, no redirects followed, never through a proxy.

Source: Stripe docs, "Receive Stripe events in your webhook endpoint": redirects count as failures. The time limit is
not published; this is ours.
"""

import time
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from creditctl.emulator.protocol.wire import Reply, Send
from creditctl.emulator.webhooks.deliveries import AttemptResult, Outgoing

if TYPE_CHECKING:
    import ssl

    import httpx

TIMEOUT_SECONDS = 20.0


def refusal(outgoing: Outgoing) -> AttemptResult | None:
    """The outcome of an attempt that a fault refuses: the receiver never hears of it."""
    if outgoing.refused_with is None:
        return None
    return AttemptResult(outgoing.refused_with, "Refused by a fault of the emulator: it was not sent.")


def attempt(outgoing: Outgoing, send: Send) -> AttemptResult:
    """Send a delivery once; every failure becomes an outcome."""
    refused = refusal(outgoing)
    if refused is not None:
        return refused
    start = time.monotonic()
    try:
        reply = send(outgoing.url, outgoing.headers, outgoing.body)
    except Exception as error:  # noqa: BLE001 - whatever the receiver or the network does is an outcome
        return AttemptResult(None, f"{type(error).__name__}: {error}"[:300], _since(start))
    return AttemptResult(reply.status, None, _since(start), reply.body)


def _since(start: float) -> int:
    return round((time.monotonic() - start) * 1000)


def send_over_http(url: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """POST with the shared client."""
    answer = _client().post(url, content=body, headers=dict(headers))
    return Reply(answer.status_code, answer.content, dict(answer.headers))


@lru_cache(maxsize=1)
def authorities() -> "ssl.SSLContext":
    """The TLS context of the usual authorities, shared by all clients of a process: to read them takes 25 ms."""
    import httpx

    return httpx.create_ssl_context(trust_env=False)


@lru_cache(maxsize=1)
def _client() -> "httpx.Client":
    import httpx

    limits = httpx.Limits(max_keepalive_connections=0)
    verify = authorities()
    return httpx.Client(verify=verify, timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False, limits=limits)
