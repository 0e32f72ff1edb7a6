"""Rotation of a webhook signing secret with overlap; each step can be resumed from the marks on the endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from creditctl.core.errors import ConfigurationError
from creditctl.core.keys import Secret
from creditctl.provisioning.endpoint_creation import (
    create_endpoint,
    delete_endpoint,
    delete_pending_endpoint,
    hand_over,
)
from creditctl.provisioning.planning.endpoint_secrets import Holding, holding, kept_behind
from creditctl.provisioning.planning.endpoint_steps import is_pending, rotation_pair, successor_step
from creditctl.provisioning.state import DesiredEndpoint, EndpointState, same_url
from creditctl.provisioning.stripe_writes import update_endpoint

if TYPE_CHECKING:
    from creditctl.provisioning.secret_sinks import SecretSink
    from creditctl.stripe_api.client import StripeConnection


class Stage(StrEnum):
    """Stage of a rotation.

    Shape: `begin` has one endpoint; `hand_over` a second one whose secret went nowhere yet; `overlap` two, the new
           one's secret handed over; `tidy` a new one whose old one is gone.
    """

    BEGIN = "begin"
    HAND_OVER = "hand_over"
    OVERLAP = "overlap"
    TIDY = "tidy"


@dataclass(frozen=True, slots=True)
class Rotation:
    """State of a rotation, read from the marks on the endpoints; `new` is None before it began.

    Shape: `keeps` are the fingerprints of the held secrets that stay accepted for the old endpoint; none where its
           secret is not here.
    """

    stage: Stage
    old: EndpointState | None
    new: EndpointState | None
    endpoints: tuple[EndpointState, ...]
    keeps: tuple[str, ...] = ()


def read_rotation(desired: DesiredEndpoint, endpoints: Sequence[EndpointState]) -> Rotation:
    """Reads the state of the rotation of the endpoint at the URL; `endpoints` are all of the account.

    Errors: ConfigurationError where there is no endpoint of ours, or the new one's secret was handed over elsewhere.
    """
    ours = tuple(endpoint for endpoint in endpoints if endpoint.ours and same_url(endpoint.url, desired.url))
    pair = rotation_pair(ours)
    if pair is not None:
        return _read_pair(desired, endpoints, pair)
    settled = [endpoint for endpoint in ours if not is_pending(endpoint)]
    if not settled:
        raise ConfigurationError(
            "There is no endpoint of creditctl at the webhook URL whose signing secret could be replaced.",
            code="webhooks.nothing_to_rotate",
            fix="Run `creditctl setup`, which makes one.",
        )
    old = max(reversed(settled), key=lambda endpoint: holding(desired, endpoint, endpoints))
    if old.rotation is not None and old.fingerprint in desired.held:
        return Rotation(Stage.TIDY, None, old, tuple(endpoints))
    return Rotation(Stage.BEGIN, old, None, tuple(endpoints), kept_behind(desired, old, endpoints))


def _read_pair(
    desired: DesiredEndpoint, endpoints: Sequence[EndpointState], pair: tuple[EndpointState, EndpointState]
) -> Rotation:
    old, new = pair
    keeps = kept_behind(desired, old, endpoints)
    if is_pending(new):
        return Rotation(Stage.HAND_OVER, old, new, tuple(endpoints), keeps)
    if holding(desired, new, endpoints) is Holding.ELSEWHERE:
        raise ConfigurationError(
            f"A rotation is under way, and the new signing secret, that of {new.id}, was handed over elsewhere.",
            code="webhooks.rotation_elsewhere",
            fix="Finish it where it was begun, or put that secret into STRIPE_WEBHOOK_SECRET here; if it was lost, "
            f"`creditctl webhooks delete {new.id}` and begin again.",
        )
    return Rotation(Stage.OVERLAP, old, new, tuple(endpoints), keeps)


def begin(
    connection: StripeConnection, desired: DesiredEndpoint, rotation: Rotation, sink: SecretSink, held: Sequence[Secret]
) -> str:
    """Begins a rotation: creates the second endpoint, or gets it again after a kill, hands over both secrets.

    Shape:  returns the new endpoint's id.
    Errors: those of the sink, after the new endpoint was taken back.
    """
    if rotation.old is None:
        raise ValueError("a rotation begins from an endpoint")
    step = successor_step(desired, rotation.old, rotation.endpoints, "rotation")
    made, secret = create_endpoint(connection, step.params, step.seed)
    hand_over(connection, made, secret, sink, older=[known for known in held if known.fingerprint in rotation.keeps])
    if rotation.new is not None and rotation.new.id != made:
        delete_pending_endpoint(connection, rotation.new.id)
    return made


def finish(connection: StripeConnection, rotation: Rotation, sink: SecretSink | None, held: Sequence[Secret]) -> None:
    """Finishes a rotation: deletes the old endpoint, forgets its secret, takes the mark off.

    In this order each step can be repeated after a kill. Where the new secret is not here, another place holds it, and
    where there is no sink, none is told.
    """
    if rotation.new is None:
        raise ValueError("a rotation ends with a new endpoint")
    if rotation.old is not None:
        delete_endpoint(connection, rotation.old.id)
    stays = [secret for secret in held if secret.fingerprint == rotation.new.fingerprint]
    if sink is not None and stays and len(stays) < len(held):
        sink.store(stays)
    update_endpoint(connection.client, rotation.new.id, {"metadata": {"rotation": ""}})
