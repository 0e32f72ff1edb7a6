"""Proof of an endpoint's signing secret: a backend that accepts ours alone has taken an event of this endpoint alone.

Stripe never shows a secret again, so whether an adopted endpoint's is the one in the settings is proven in two steps:
the running backend accepts it and refuses a forged one, which is noted on the endpoint; and an event that was made
after that reaches the backend through this endpoint, while it still accepts ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from creditctl.core.keys import Secret
from creditctl.provisioning.endpoint_creation import mark_secret
from creditctl.provisioning.state import PROBED_KEY, EndpointState
from creditctl.provisioning.stripe_writes import update_endpoint
from creditctl.stripe_api.permissions import needs

if TYPE_CHECKING:
    from creditctl.stripe_api.client import StripeConnection

_EVENTS = 100
_EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Probed:
    """Note on an unproven endpoint: the secret that the backend accepted, and when. Units: Unix seconds."""

    fingerprint: str
    at: int

    def __str__(self) -> str:
        return f"{self.fingerprint}.{self.at}"


def probed(endpoint: EndpointState) -> Probed | None:
    """Reads the note on an endpoint, None where there is none or it is not readable."""
    mark, _, at = endpoint.metadata.get(PROBED_KEY, "").partition(".")
    return Probed(mark, int(at)) if mark and at.isascii() and at.isdecimal() else None


def note_probe(connection: StripeConnection, endpoint: EndpointState, secret: Secret, now: int) -> None:
    """Notes that the backend accepted the secret. Errors: stripe.StripeError; ConfigurationError for a permission."""
    note = str(Probed(secret.fingerprint, now))
    update_endpoint(connection.client, endpoint.id, {"metadata": {PROBED_KEY: note}})


def keep_proof(connection: StripeConnection, endpoint: EndpointState, secret: Secret) -> None:
    """Marks the endpoint with the fingerprint of its proven secret. Errors: as note_probe."""
    mark_secret(connection, endpoint.id, secret.fingerprint)


def own_types(endpoint: EndpointState, endpoints: Sequence[EndpointState]) -> tuple[str, ...]:
    """Event types that this endpoint alone, of those enabled, takes."""
    others = [each for each in endpoints if each.id != endpoint.id and each.status == "enabled"]
    taken = {name for other in others for name in other.enabled_events}
    if endpoint.status != "enabled" or _EVERYTHING in taken:
        return ()
    return tuple(name for name in endpoint.enabled_events if name not in taken and name != _EVERYTHING)


def delivered_alone(
    connection: StripeConnection, endpoint: EndpointState, endpoints: Sequence[EndpointState], since: int
) -> str | None:
    """Finds an event made after a time that this endpoint alone delivered, with nothing pending; or None.

    Source: Stripe API reference, "List all events": `delivery_success` is about all of an event's endpoints;
            `pending_webhooks` counts those that have not answered 2xx yet.
    """
    types = own_types(endpoint, endpoints)
    if not types:
        return None
    with needs("read the events", "rak_event_read"):
        listed = connection.client.v1.events.list(
            {"created": {"gt": since}, "types": list(types[:20]), "delivery_success": True, "limit": _EVENTS}
        )
    return next((event.id for event in listed.data if event.pending_webhooks == 0), None)
