"""Webhook endpoints as Stripe describes them, and what is wrong with the one that delivers to our backend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

WANTED_EVENTS = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "charge.refunded",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    }
)
"""What our endpoint listens for: everything from which credits are added or taken back."""

EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One webhook endpoint. Source: Stripe API reference, "The webhook endpoint object"."""

    id: str
    url: str
    status: str
    enabled_events: frozenset[str]
    api_version: str | None
    livemode: bool
    metadata: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_stripe(cls, body: Mapping[str, Any]) -> Endpoint:
        """An endpoint from Stripe's answer."""
        return cls(
            id=str(body["id"]),
            url=str(body["url"]),
            status=str(body.get("status")),
            enabled_events=frozenset(body.get("enabled_events") or ()),
            api_version=body.get("api_version"),
            livemode=bool(body.get("livemode")),
            metadata=body.get("metadata") or {},
        )

    @property
    def secret_fingerprint(self) -> str | None:
        """Which signing secret is this endpoint's, as set-up noted it."""
        return self.metadata.get("secret_fingerprint")

    @property
    def is_rotating(self) -> bool:
        """Whether it is the second one of a rotation."""
        return "rotation" in self.metadata

    @property
    def missing_events(self) -> frozenset[str]:
        """What it should listen for and does not."""
        return frozenset() if EVERYTHING in self.enabled_events else WANTED_EVENTS - self.enabled_events

    @property
    def surplus_events(self) -> frozenset[str]:
        """What it listens for without need."""
        return self.enabled_events - WANTED_EVENTS


def same_url(one: str, other: str) -> bool:
    """Whether two URLs are the same place: case of scheme and host, default ports and a last slash do not count."""
    return _place(one) == _place(other)


def _place(url: str) -> tuple[object, ...]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return (url,)
    return (parts.scheme, parts.hostname, port, parts.path.rstrip("/"), parts.query)


def release_name(api_version: str) -> str:
    """The name of an API version's release: `endive` of `2026-10-28.endive`; the date itself where it has none.

    Source: Stripe documentation, "Versioning": versions of one release name are compatible.
    """
    date, _, name = api_version.partition(".")
    return name or date
