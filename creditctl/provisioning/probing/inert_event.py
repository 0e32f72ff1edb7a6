"""Inert webhook event for probes: of a type that nobody acts on, about an object that nobody can pay for."""

from __future__ import annotations

import hashlib
import json
from typing import Any

_STRIPE_SEPARATORS = (",", ": ")
_BEYOND_ASCII = "prüfung ✓"


def inert_event(now: int, *, livemode: bool, api_version: str | None, text: str = _BEYOND_ASCII) -> dict[str, Any]:
    """Makes an event that can never grant credits: no session, no payment, no amount, no user stands in it.

    Shape: `text` holds characters beyond ASCII, as a buyer's name would, so that a body that is decoded wrongly shows.
    """
    return {
        "id": f"evt_creditctl_probe_{now}",
        "object": "event",
        "api_version": api_version,
        "created": now,
        "data": {"object": {"id": "creditctl_probe", "object": "creditctl.probe", "description": text}},
        "livemode": livemode,
        "pending_webhooks": 0,
        "request": {"id": None, "idempotency_key": None},
        "type": "creditctl.probe",
    }


def stripe_layout(event: dict[str, Any]) -> bytes:
    """Lays a body out as Stripe does: indented by two spaces.

    Source: Stripe's webhook deliveries as its CLI prints and forwards them; what is signed is these very bytes.
    """
    return json.dumps(event, indent=2, separators=_STRIPE_SEPARATORS, ensure_ascii=False).encode()


def compact_layout(event: dict[str, Any]) -> bytes:
    """Lays a body out without white space and with its keys in order, as whoever parses it and writes it again."""
    return json.dumps(event, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()


def spaced_layout(event: dict[str, Any]) -> bytes:
    """Lays a body out as Python does that parses it and writes it again: on one line, with spaces."""
    return json.dumps(event, sort_keys=True).encode()


def refused_body(*, livemode: bool) -> bytes:
    """The body of every delivery that a sound backend refuses: always the same, so that it can be told in a log."""
    return stripe_layout(inert_event(0, livemode=livemode, api_version=None))


REFUSED_DIGESTS = frozenset(hashlib.sha256(refused_body(livemode=mode)).hexdigest() for mode in (False, True))
"""SHA-256 of these bodies: refused deliveries that are a probe's, and nobody's attack."""
