"""Rotation of a webhook signing secret with overlap; each step can be resumed from the marks on the endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from creditctl.core.errors import ConfigurationError
from creditctl.core.keys import Secret
from creditctl.provisioning.endpoint_creation import create_endpoint, delete_endpoint, hand_over
from creditctl.provisioning.planning.endpoint_steps import rotation_pair, successor_step
from creditctl.provisioning.state import DesiredEndpoint, EndpointState, same_url
from creditctl.provisioning.stripe_writes import update_endpoint
from creditctl.stripe_api.permissions import needs

if TYPE_CHECKING:
    from creditctl.provisioning.secret_sinks import SecretSink
    from creditctl.stripe_api.client import StripeConnection


class Stage(StrEnum):
    """Stage of a rotation.

    Shape: `begin` has one endpoint; `hand_over` a second one whose secret went nowhere yet; `overlap` two with secrets
           that we hold; `tidy` a new one whose old one is gone.
    """

    BEGIN = "begin"
    HAND_OVER = "hand_over"
    OVERLAP = "overlap"
    TIDY = "tidy"


@dataclass(frozen=True, slots=True)
class Rotation:
    """State of a rotation, read from the marks on the endpoints; `new` is None before it began."""

    stage: Stage
    old: EndpointState | None
    new: EndpointState | None
    ours: tuple[EndpointState, ...]


def read_rotation(desired: DesiredEndpoint, endpoints: Sequence[EndpointState]) -> Rotation:
    """Reads the state of the rotation of the endpoint at the URL.

    Errors: ConfigurationError where there is no endpoint of ours with a secret that we hold: `setup` makes one.
    """
    ours = tuple(endpoint for endpoint in endpoints if endpoint.ours and same_url(endpoint.url, desired.url))
    pair = rotation_pair(ours)
    if pair is not None:
        lost = pair[1].fingerprint is None or pair[1].fingerprint not in desired.held
        return Rotation(Stage.HAND_OVER if lost else Stage.OVERLAP, pair[0], pair[1], ours)
    proven = [endpoint for endpoint in ours if endpoint.fingerprint in desired.held]
    if not proven:
        raise ConfigurationError(
            "There is no endpoint of creditctl at the webhook URL whose signing secret is the one in the settings.",
            code="webhooks.nothing_to_rotate",
            fix="Run `creditctl setup`, which makes one or replaces the one that does not match; a secret that lives "
            "elsewhere has to be exported as STRIPE_WEBHOOK_SECRET, for both have to be handed over together.",
        )
    if proven[-1].rotation is not None:
        return Rotation(Stage.TIDY, None, proven[-1], ours)
    return Rotation(Stage.BEGIN, proven[-1], None, ours)


def begin(
    connection: StripeConnection, desired: DesiredEndpoint, rotation: Rotation, sink: SecretSink, held: Sequence[Secret]
) -> str:
    """Begins a rotation: creates the second endpoint, or gets it again after a kill, hands over both secrets.

    Shape:  returns the new endpoint's id.
    Errors: those of the sink, after the new endpoint was taken back.
    """
    if rotation.old is None:
        raise ValueError("a rotation begins from an endpoint")
    step = successor_step(desired, rotation.old, rotation.ours, "rotation")
    made, secret = create_endpoint(connection, step.params, step.seed)
    hand_over(connection, made, secret, sink, older=_accepted(rotation.old, held))
    if rotation.new is not None and rotation.new.id != made:
        delete_endpoint(connection, rotation.new.id)
    return made


def _accepted(old: EndpointState, held: Sequence[Secret]) -> list[Secret]:
    return [secret for secret in held if secret.fingerprint == old.fingerprint]


def delivered_since(connection: StripeConnection, desired: DesiredEndpoint, created: int) -> str | None:
    """Finds an event made after the new endpoint that reached every endpoint, the new one among them; or None.

    Source: Stripe API reference, "List all events": `delivery_success` is about all of an event's endpoints.
    """
    with needs("read the events", "rak_event_read"):
        listed = connection.client.v1.events.list(
            {"created": {"gt": created}, "types": list(desired.events), "delivery_success": True, "limit": 1}
        )
    return next((event.id for event in listed.data), None)


def finish(connection: StripeConnection, rotation: Rotation, sink: SecretSink, held: Sequence[Secret]) -> None:
    """Finishes a rotation: deletes the old endpoint, forgets its secret, takes the mark off.

    In this order each step can be repeated after a kill.
    """
    if rotation.new is None:
        raise ValueError("a rotation ends with a new endpoint")
    if rotation.old is not None:
        delete_endpoint(connection, rotation.old.id)
    sink.store([secret for secret in held if secret.fingerprint == rotation.new.fingerprint])
    update_endpoint(connection.client, rotation.new.id, {"metadata": {"rotation": ""}})
