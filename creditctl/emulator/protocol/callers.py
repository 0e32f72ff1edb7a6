"""Caller guard: refuses a foreign Host (DNS rebinding) and requests that a page of another site sends (CSRF).

Source: W3C, "Fetch Metadata Request Headers" (`Sec-Fetch-Site`); WHATWG, "Fetch" (`Origin`).
"""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from creditctl.emulator.protocol.wire import Request


def caller_fault(request: Request, allowed_hosts: Iterable[str], *, navigates: bool) -> str | None:
    """What is wrong with where a request comes from, in a sentence; None where it may be answered.

    Shape: `navigates` is true for what a link of another site may open, as a shop's link to the payment page does. A
    request without a Host came through no server.
    """
    host = request.headers.get("host")
    if host is None:
        return None
    name = host_name(host)
    if not _is_loopback(name) and name not in allowed_hosts:
        shown = name if name.replace(".", "").replace("-", "").isalnum() else "NAME"
        return (
            "This emulator answers to names of this machine only, and the request names another host. "
            f"Where that is meant, start it with --allow-host {shown}."
        )
    if not navigates and _is_of_another_site(request, host):
        return "A page of another site has sent this request: nothing was done."
    return None


@lru_cache(maxsize=256)
def host_name(host: str) -> str:
    """The name or address in a Host header, lower-case, without port; empty where it is none."""
    try:
        parts = urlsplit(f"//{host}")
        return (parts.hostname or "").rstrip(".") if parts.port != 0 else ""  # reading what is no port raises
    except ValueError:
        return ""


@lru_cache(maxsize=256)
def _is_loopback(name: str) -> bool:
    """Whether a name is resolved by no name server: `localhost` and what is below it, or a loopback address."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _is_of_another_site(request: Request, host: str) -> bool:
    """Whether a browser says that a page of another origin sent this; what is no browser says neither."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site not in ("same-origin", "none")
    return origin is not None and origin not in (f"http://{host}", f"https://{host}")
