"""HTTP probe: asks whether anybody answers at a URL, as a buyer's browser or Stripe would; follows no redirects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from creditctl.core.modes import is_loopback_url

_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What a URL answered. Shape: `status` None where nobody did, and then `problem` says why."""

    status: int | None
    problem: str = ""
    location: str = ""


Probe = Callable[[str], ProbeAnswer]
"""GET a URL once."""


def probe_url(url: str) -> ProbeAnswer:
    """A real GET without credentials; certificates are checked, redirects reported; no proxy to this machine."""
    import httpx

    try:
        answer = httpx.get(url, timeout=_TIMEOUT_SECONDS, follow_redirects=False, trust_env=not is_loopback_url(url))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return ProbeAnswer(None, str(error) or type(error).__name__)
    return ProbeAnswer(answer.status_code, location=answer.headers.get("location", ""))
