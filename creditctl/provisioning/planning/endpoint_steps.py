"""Steps for one webhook endpoint: create, succeed (rotation), keep or repair, delete; with idempotency seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from creditctl.core.deployment import deployment_in, managed_metadata
from creditctl.core.metadata import is_managed
from creditctl.provisioning.planning.diff import update_params
from creditctl.provisioning.planning.steps import Action, Change, Step, StepKind
from creditctl.provisioning.state import DesiredEndpoint, EndpointState, digest, same_url


def claimed(desired: DesiredEndpoint, endpoints: Sequence[EndpointState]) -> list[EndpointState]:
    """The endpoints, of which those at our URL that creditctl made before the deployment had a name count as ours."""
    return [
        replace(endpoint, deployment=None)
        if desired.deployment is not None
        and same_url(endpoint.url, desired.url)
        and is_managed(endpoint.metadata)
        and deployment_in(endpoint.metadata) is None
        else endpoint
        for endpoint in endpoints
    ]


def rotation_pair(ours: Sequence[EndpointState]) -> tuple[EndpointState, EndpointState] | None:
    """Finds the two endpoints of a rotation under way, old and new: the new one names the old one."""
    known = {endpoint.id: endpoint for endpoint in ours}
    for endpoint in ours:
        if endpoint.rotation in known:
            return known[endpoint.rotation], endpoint
    return None


def creation_step(desired: DesiredEndpoint, ours: Sequence[EndpointState], strangers: Sequence[EndpointState]) -> Step:
    """The step that creates the endpoint, or replaces the newest of ours, whose secret nobody holds."""
    old = ours[-1] if ours else None
    changes = (Change("secret", _secret_words(old), "captured at creation"),)
    return Step(
        Action.CREATE if old is None else Action.REPLACE,
        StepKind.ENDPOINT,
        desired.url,
        None if old is None else old.id,
        changes if old is not None else (*_creation_changes(desired), *changes),
        creation_params(desired),
        "it does not exist" if old is None else "its signing secret is not the one that we hold",
        creation_seed(desired, [*ours, *strangers]),
    )


def creation_seed(desired: DesiredEndpoint, here: Sequence[EndpointState]) -> str:
    """Seed of a creation's idempotency key: the URL and the endpoints there, but for those never handed over.

    A creation that was killed before its hand-over thereby repeats itself under the same idempotency key, and
    Stripe replays the answer with the secret.
    """
    seen = sorted(endpoint.id for endpoint in here if endpoint.fingerprint is not None or not endpoint.ours)
    return digest([desired.url, seen])


def creation_params(desired: DesiredEndpoint, *, rotation: str | None = None) -> dict[str, object]:
    """Parameters that create the endpoint; the API version can be set at no other time.

    Source: Stripe API reference, "Create a webhook endpoint".
    """
    metadata = managed_metadata(desired.deployment)
    if rotation is not None:
        metadata["rotation"] = rotation
    return {
        "url": desired.url,
        "enabled_events": list(desired.events),
        "api_version": desired.api_version,
        "description": "creditctl: adds purchased credits",
        "metadata": metadata,
    }


def _creation_changes(desired: DesiredEndpoint) -> tuple[Change, ...]:
    return (
        Change("url", None, desired.url),
        Change("enabled_events", None, sorted(desired.events)),
        Change("api_version", None, desired.api_version),
    )


def successor_step(desired: DesiredEndpoint, old: EndpointState, ours: Sequence[EndpointState], reason: str) -> Step:
    """The step that creates a second endpoint beside the first, which `webhooks rotate` retires."""
    return Step(
        Action.CREATE,
        StepKind.ENDPOINT,
        desired.url,
        None,
        (Change("api_version", old.api_version, desired.api_version), Change("metadata.rotation", None, old.id)),
        creation_params(desired, rotation=old.id),
        reason,
        creation_seed(desired, ours),
    )


def kept_endpoint_step(
    desired: DesiredEndpoint,
    endpoint: EndpointState,
    *,
    adopting: bool = False,
    in_rotation: bool = False,
) -> Step:
    """The step for an endpoint that stays: `keep`, or the update that repairs what differs.

    Shape: `adopting` marks an endpoint made by hand as ours; `in_rotation` leaves the rotation's mark where it is.
    """
    changes = _repairs(desired, endpoint)
    if adopting:
        changes.append(Change("metadata.secret_fingerprint", None, desired.held[0]))
    if endpoint.rotation is not None and not in_rotation and not old_secret_stays(desired, endpoint):
        changes.append(Change("metadata.rotation", endpoint.rotation, ""))
    action = _repair_action(endpoint, changes, adopting=adopting)
    params = update_params(changes)
    if "enabled_events" in params:
        params["enabled_events"] = list(desired.events)
    reason = "it differs" if changes else ""
    return Step(action, StepKind.ENDPOINT, desired.url, endpoint.id, tuple(changes), params, reason)


def _repairs(desired: DesiredEndpoint, endpoint: EndpointState) -> list[Change]:
    changes: list[Change] = []
    if not same_url(endpoint.url, desired.url):
        changes.append(Change("url", endpoint.url, desired.url))
    if set(endpoint.enabled_events) != set(desired.events):
        changes.append(Change("enabled_events", sorted(endpoint.enabled_events), sorted(desired.events)))
    if endpoint.status != "enabled":
        changes.append(Change("disabled", True, False))
    for key, value in managed_metadata(desired.deployment).items():
        if endpoint.metadata.get(key) != value:
            changes.append(Change(f"metadata.{key}", endpoint.metadata.get(key), value))
    return changes


def old_secret_stays(desired: DesiredEndpoint, endpoint: EndpointState) -> bool:
    """Whether the settings still accept another secret besides that of a rotation's new endpoint."""
    return endpoint.fingerprint in desired.held and len(desired.held) > 1


def _repair_action(endpoint: EndpointState, changes: Sequence[Change], *, adopting: bool) -> Action:
    if not changes:
        return Action.KEEP
    if adopting:
        return Action.ADOPT
    return Action.RESTORE if endpoint.status != "enabled" else Action.UPDATE


def deletion_step(endpoint: EndpointState, reason: str) -> Step:
    """The step that deletes an endpoint."""
    return Step(Action.DELETE, StepKind.ENDPOINT, endpoint.url, endpoint.id, reason=reason)


def _secret_words(old: EndpointState | None) -> str | None:
    if old is None:
        return None
    return "never handed over" if old.fingerprint is None else f"fingerprint {old.fingerprint}"
