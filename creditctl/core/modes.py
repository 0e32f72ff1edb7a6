"""Mode (emulator, test, live), and the one rule that decides it from key and API base."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from enum import StrEnum
from urllib.parse import urlsplit

from creditctl.core.errors import ConfigurationError, GuardRefused

STRIPE_API_BASE = "https://api.stripe.com"
"""Where Stripe's API lives. Source: Stripe API reference, "Introduction"."""


class Mode(StrEnum):
    """Mode: which Stripe a command talks to."""

    EMULATOR = "emulator"
    TEST = "test"
    LIVE = "live"


def is_loopback_host(host: str | None) -> bool:
    """Whether a host name can only mean this machine."""
    if host is None:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_loopback_url(url: str) -> bool:
    """Whether a URL's host can only mean this machine; False for what is no URL."""
    try:
        return is_loopback_host(urlsplit(url).hostname)
    except ValueError:
        return False


def is_listed_emulator(url: str, hosts: Collection[str]) -> bool:
    """Whether a URL's host, with or without its port, is one of those where an emulator may be spoken to.

    Shape: `hosts` as `[emulator] hosts` of creditctl.toml lists them, HOST or HOST:PORT.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if host is None or parts.scheme not in ("http", "https") or parts.username is not None:
        return False
    port = port or (443 if parts.scheme == "https" else 80)
    return any(name.lower() in (host, f"{host}:{port}") for name in hosts)


def is_emulator_base(base: str, hosts: Collection[str] = ()) -> bool:
    """Whether only an emulator may be at an API base: on this machine, or at a listed host; never Stripe's own."""
    return base.startswith(("http://", "https://")) and (is_loopback_url(base) or is_listed_emulator(base, hosts))


def decide_mode(api_base: str | None, key_mode: Mode, hosts: Collection[str] = ()) -> Mode:
    """Decides the mode: with Stripe's own base the key decides; at an emulator a live key rehearses live mode.

    Shape:  an emulator is a base on this machine, or at a listed host; whether one is there, and whether the key may be
            sent to it, `stripe_api/client.py:connect` has proven before anything else is sent.
    Errors: ConfigurationError if the base is neither of these nor Stripe's own.
    """
    base = (api_base or STRIPE_API_BASE).rstrip("/")
    if base == STRIPE_API_BASE:
        return key_mode
    if is_emulator_base(base, hosts):
        return Mode.LIVE if key_mode is Mode.LIVE else Mode.EMULATOR
    raise ConfigurationError(
        "STRIPE_API_BASE is neither a loopback address nor Stripe's own, nor a listed emulator; no key is sent there.",
        code="env.api_base",
        fix=f"Unset STRIPE_API_BASE, or point it to a local emulator such as http://127.0.0.1:12111 "
        f"(`creditctl emulator`); Stripe's own is {STRIPE_API_BASE}. An emulator elsewhere, such as a container's, is "
        "listed in creditctl.toml: [emulator] hosts.",
    )


def require_mode(expected: Mode | None, actual: Mode) -> None:
    """Mode guard: refuses when the operator expects another mode (--mode) than the one at hand.

    Errors: GuardRefused on a mismatch.
    """
    if expected is None or expected == actual:
        return
    raise GuardRefused(
        f"This is {actual} mode, but --mode {expected} was asked for.",
        code="guard.mode",
        fix="Check STRIPE_SECRET_KEY and STRIPE_API_BASE, or say the mode that you mean.",
    )
