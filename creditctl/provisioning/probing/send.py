"""Probe sender: posts the inert deliveries side by side, and asks for more where no signed one was accepted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from threading import Thread
from typing import TYPE_CHECKING

from creditctl.core.keys import Secret
from creditctl.core.when import http_date
from creditctl.provisioning.probing.inert_event import (
    compact_layout,
    inert_event,
    refused_body,
    spaced_layout,
    stripe_layout,
)
from creditctl.provisioning.probing.responses import NoAnswer, ProbeResponse, ProbeResponses
from creditctl.provisioning.probing.side_by_side import run_side_by_side
from creditctl.stripe_api.certificate_faults import certificate_fault
from creditctl.stripe_api.delivery import HEADERS, sign

if TYPE_CHECKING:
    import httpx

STALE_SECONDS = 600
"""Age of the stale delivery's signature.

Source: Stripe documentation, "Webhook signatures": its libraries refuse what is older than five minutes by default.
"""

_NOTICEABLE_SKEW_SECONDS = 240
_BODY_CHARACTERS = 2000
_USUAL_SECONDS = 10.0
_MARGIN_SECONDS = 0.3
_FORGED = Secret("whsec_" + "forged0by0creditctl0probe")
Sending = Callable[[], ProbeResponse]


def send_probes(
    client: httpx.Client,
    url: str,
    secrets: Sequence[Secret],
    now: int,
    *,
    livemode: bool,
    api_version: str,
    again_seconds: float | None = None,
) -> ProbeResponses:
    """Sends a whole probe; never raises for what the network does.

    Shape: two rounds at most, the deliveries of each side by side, so that a backend that hangs costs two time limits:
           the client's, and `again_seconds` where the second round, to a backend that answered, is given less.
    """
    limit = (client.timeout.read or _USUAL_SECONDS) + _MARGIN_SECONDS

    def post(body: bytes, signature: str | None) -> Sending:
        headers = dict(HEADERS) if signature is None else {**HEADERS, "Stripe-Signature": signature}
        return lambda: _ask(lambda: client.stream("POST", url, content=body, headers=headers, follow_redirects=False))

    body = stripe_layout(inert_event(now, livemode=livemode, api_version=api_version))
    refused = refused_body(livemode=livemode)
    first = _side_by_side(
        limit,
        [
            lambda: _ask(lambda: client.stream("GET", url, follow_redirects=False)),
            post(refused, None),
            post(refused, sign(refused, _FORGED, now)),
            *(post(body, sign(body, secret, now)) for secret in secrets),
            *(post(refused, sign(refused, secret, now - STALE_SECONDS)) for secret in secrets[:1]),
        ],
    )
    get, unsigned, forged, *rest = first
    responses = ProbeResponses(
        unsigned, forged, rest[-1] if secrets else None, tuple(zip(secrets, rest, strict=False)), get
    )
    if not secrets or any(response.accepted or response.status is None for _, response in responses.signed):
        return responses
    limit = limit if again_seconds is None else again_seconds
    return _asked_more(limit, responses, post, secrets[0], now, livemode=livemode, api_version=api_version)


def _asked_more(
    limit: float,
    responses: ProbeResponses,
    post: Callable[[bytes, str | None], Sending],
    secret: Secret,
    now: int,
    *,
    livemode: bool,
    api_version: str,
) -> ProbeResponses:
    """The second round: the same event in other layouts, and signed by the server's own clock where that differs."""
    from dataclasses import replace

    event = inert_event(now, livemode=livemode, api_version=api_version)
    plain = inert_event(now, livemode=livemode, api_version=api_version, text="probe")
    skew = _skew(responses, now)
    bodies = [compact_layout(plain), spaced_layout(plain), stripe_layout(plain)]
    sending = [post(body, sign(body, secret, now)) for body in bodies]
    sending.append(post(bodies[-1], sign(bodies[-1] + b"\n", secret, now)))
    if skew is not None and abs(skew) >= _NOTICEABLE_SKEW_SECONDS:
        body = stripe_layout(event)
        sending.append(post(body, sign(body, secret, now + skew)))
    body = stripe_layout(event)
    soiled = [(words, Secret(before + secret.reveal() + after)) for words, before, after in _STICKING]
    answers = _side_by_side(limit, [*sending, *(post(body, sign(body, each, now)) for _, each in soiled)])
    compact, spaced, ascii_only, with_line_end, *by_its_clock = answers[: len(sending)]
    return replace(
        responses,
        compact=compact,
        spaced=spaced,
        with_line_end=with_line_end,
        ascii_only=ascii_only,
        by_its_clock=by_its_clock[0] if by_its_clock else None,
        soiled=tuple(zip((words for words, _ in soiled), answers[len(sending) :], strict=True)),
        clock_skew_seconds=skew,
    )


_STICKING = (
    ("a line end behind it", "", "\n"),
    ("a carriage return behind it", "", "\r"),
    ("a space behind it", "", " "),
    ("a space before it", " ", ""),
    ("double quotes around it", '"', '"'),
    ("single quotes around it", "'", "'"),
)
"""What sticks to a secret that was pasted, piped or quoted, and becomes a part of it where nobody takes it off."""


def _skew(responses: ProbeResponses, now: int) -> int | None:
    """How far the server's clock is ahead of ours, where it says what time it has."""
    dates = [response.date for response in responses.posts if response.date is not None]
    return dates[0] - now if dates else None


def _side_by_side(limit: float, sending: Sequence[Sending]) -> list[ProbeResponse]:
    """Sends side by side; what is not answered as a whole in time is no answer, however it trickles."""
    found = run_side_by_side(sending, limit)
    late = ProbeResponse(None, NoAnswer.TIMEOUT, error="no whole answer in time")
    return [late if isinstance(each, Thread) else each for each in found]


def _ask(send: Callable[[], AbstractContextManager[httpx.Response]]) -> ProbeResponse:
    import httpx

    try:
        with send() as response:
            body = _beginning(response)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        return ProbeResponse(None, _why(error), error=str(error) or type(error).__name__)
    headers = response.headers
    return ProbeResponse(
        response.status_code,
        location=headers.get("location", ""),
        server=", ".join(headers[name] for name in ("server", "via") if name in headers)
        + (" cf-ray" if "cf-ray" in headers else ""),
        asks_login="www-authenticate" in headers,
        date=_seconds(headers.get("date", "")),
        body=body,
    )


def _beginning(response: httpx.Response) -> str:
    """The beginning of a body, however long it is."""
    read = b""
    for chunk in response.iter_bytes():
        read += chunk
        if len(read) >= _BODY_CHARACTERS:
            break
    return read.decode(errors="replace")[:_BODY_CHARACTERS]


def _why(error: Exception) -> NoAnswer:
    """The kind of failure. Source: httpx keeps what the socket and TLS said in the text of its ConnectError."""
    import httpx

    text = str(error).lower()
    if isinstance(error, httpx.TimeoutException):
        return NoAnswer.TIMEOUT
    if certificate_fault(text) is not None:
        return NoAnswer.CERTIFICATE
    if any(words in text for words in ("name or service", "nodename", "getaddrinfo", "name resolution")):
        return NoAnswer.UNKNOWN_HOST
    return NoAnswer.REFUSED if isinstance(error, httpx.ConnectError) else NoAnswer.BROKEN


def _seconds(date: str) -> int | None:
    try:
        return http_date(date) if date else None
    except (TypeError, ValueError):
        return None
