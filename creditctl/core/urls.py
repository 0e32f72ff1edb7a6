"""URL checks: usable as a base for paths, reachable from outside (private hosts)."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from creditctl.core.modes import is_loopback_host

_SEVERAL = re.compile(r"[,;|]|https?:?\Z")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PRIVATE_SUFFIXES = (".local", ".internal", ".lan", ".home", ".test", ".invalid", ".localdomain")


def split_url(value: str) -> SplitResult | None:
    """Splits a URL; None for what is none: only visible ASCII characters may stand in one.

    Source: RFC 3986, section 2; Python's own parser silently drops line ends and tabs.
    """
    if not all(0x20 < ord(character) < 0x7F for character in value):
        return None
    try:
        return urlsplit(value)
    except ValueError:
        return None


def fault_of(url: SplitResult) -> str:
    """Fault of a URL as a base for paths, in words that show nothing of it; empty where there is none."""
    if url.scheme not in _DEFAULT_PORTS or not url.hostname:
        return "it does not start with http:// or https:// and a host"
    if "://" in url.path or "://" in url.query or _SEVERAL.search(url.netloc):
        return "it holds two URLs, or a list of them"
    if port_of(url) is None:
        return "its port is no number from 1 to 65535"
    if url.username is not None or url.password is not None:
        return "it holds a user name or password, which would be shown to others"
    return "it has a query or fragment" if url.query or url.fragment else ""


def port_of(url: SplitResult) -> int | None:
    """Port of a URL, the scheme's own where it names none; None where it is no port."""
    try:
        said = url.port
    except ValueError:
        return None
    return _DEFAULT_PORTS.get(url.scheme) if said is None else said or None


def is_private_host(host: str) -> bool:
    """Whether a host name can only be reached from this machine or network."""
    name = host.lower().rstrip(".")
    if is_loopback_host(name) or name.endswith(_PRIVATE_SUFFIXES):
        return True
    try:
        return not ipaddress.ip_address(name).is_global
    except ValueError:
        return "." not in name
