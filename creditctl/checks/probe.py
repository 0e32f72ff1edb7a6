"""HTTP probe: asks whether anybody answers at a URL, as a buyer's browser or Stripe would; follows no redirects."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from creditctl.core.modes import is_loopback_url
from creditctl.stripe_api.certificates import usual_authorities

if TYPE_CHECKING:
    import httpx

_TIMEOUT_SECONDS = 3.0
_MOST_BYTES = 4000


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What a URL answered.

    Shape: `status` None where nobody did, and then `problem` says why; `certificate_until` is when the certificate that
    was accepted expires, None without https; `body` is the beginning of the answer. Units: Unix seconds.
    """

    status: int | None
    problem: str = ""
    location: str = ""
    certificate_until: int | None = None
    body: str = ""


Probe = Callable[[str], ProbeAnswer]
"""GET a URL once."""


def probe_url(url: str, trust: ssl.SSLContext | None = None) -> ProbeAnswer:
    """A real GET without credentials; certificates are checked, redirects reported; no proxy to this machine.

    Shape: only the beginning of the answer is read, so that no body can hold it up; `trust` None are the usual
           authorities.
    """
    import httpx

    trust_env = not is_loopback_url(url)
    verify = trust or usual_authorities(trust_env=trust_env)
    try:
        with (
            httpx.Client(verify=verify, timeout=_TIMEOUT_SECONDS, trust_env=trust_env) as client,
            client.stream("GET", url) as answer,
        ):
            return ProbeAnswer(
                answer.status_code,
                location=answer.headers.get("location", ""),
                certificate_until=_certificate_until(answer),
                body=_beginning(answer),
            )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return ProbeAnswer(None, str(error) or type(error).__name__)


def _beginning(answer: httpx.Response) -> str:
    read = b""
    for chunk in answer.iter_bytes():
        read += chunk
        if len(read) >= _MOST_BYTES:
            break
    return read[:_MOST_BYTES].decode(errors="replace")


def _certificate_until(answer: httpx.Response) -> int | None:
    """Source: httpx documentation, "Extensions", network_stream; Python documentation, ssl, getpeercert: notAfter."""
    stream = answer.extensions.get("network_stream")
    tls = None if stream is None else stream.get_extra_info("ssl_object")
    certificate = None if tls is None else tls.getpeercert()
    until = certificate.get("notAfter") if certificate else None
    return int(ssl.cert_time_to_seconds(until)) if isinstance(until, str) else None
