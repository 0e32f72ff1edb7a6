"""Steps for one webhook endpoint: create, succeed (rotation), keep or repair, delete; with idempotency seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from creditctl.core.deployment import deployment_in, managed_metadata
from creditctl.core.metadata import is_managed
from creditctl.provisioning.planning.diff import update_params
from creditctl.provisioning.planning.endpoint_secrets import kept_behind
from creditctl.provisioning.planning.steps import Action, Change, Step, StepKind
from creditctl.provisioning.state import (
    STATE_KEY,
    DesiredEndpoint,
    EndpointState,
    SecretState,
    digest,
    same_url,
)


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
    """Finds the two endpoints of the newest rotation under way, old and new: the new one names the old one."""
    known = {endpoint.id: endpoint for endpoint in ours if not is_pending(endpoint)}
    for endpoint in reversed(ours):
        if endpoint.rotation in known:
            return known[endpoint.rotation], endpoint
    return None


def creation_step(
    desired: DesiredEndpoint,
    here: Sequence[EndpointState],
    *,
    replaced: EndpointState | None = None,
    keep_old: bool = False,
) -> Step:
    """The step that creates the endpoint, in the place of one whose secret is pending, or is given up.

    Shape: `here` are all endpoints at the URL; with `keep_old` the others stay, whatever becomes of their secrets.
    """
    changes = (Change("secret", None if replaced is None else secret_words(replaced), "captured at creation"),)
    return Step(
        Action.CREATE if replaced is None else Action.REPLACE,
        StepKind.ENDPOINT,
        desired.url,
        None if replaced is None else replaced.id,
        changes if replaced is not None else (*_creation_changes(desired), *changes),
        creation_params(desired),
        "beside the one that is there" if keep_old else _creation_reason(replaced),
        creation_seed(desired, here),
        gives_up_secret=replaced is not None and not is_pending(replaced),
    )


def _creation_reason(replaced: EndpointState | None) -> str:
    if replaced is None:
        return "it does not exist"
    return "its signing secret was never handed over" if is_pending(replaced) else "--replace-endpoint"


def is_pending(endpoint: EndpointState) -> bool:
    """Whether nobody can hold its secret yet: only such an endpoint of ours is made again without asking."""
    return endpoint.secret_state is SecretState.PENDING


def creation_seed(desired: DesiredEndpoint, here: Sequence[EndpointState]) -> str:
    """Seed of a creation's idempotency key: the URL and the endpoints there, but for those that are pending.

    A creation that was killed before its hand-over thereby repeats itself under the same idempotency key, and
    Stripe replays the answer with the secret.
    """
    seen = sorted(endpoint.id for endpoint in here if not (endpoint.ours and is_pending(endpoint)))
    return digest([desired.url, seen])


def creation_params(desired: DesiredEndpoint, *, rotation: str | None = None) -> dict[str, object]:
    """Parameters that create the endpoint, pending; the API version can be set at no other time.

    Source: Stripe API reference, "Create a webhook endpoint".
    """
    metadata = {**managed_metadata(desired.deployment), STATE_KEY: str(SecretState.PENDING)}
    return {
        "url": desired.url,
        "enabled_events": list(desired.events),
        "api_version": desired.api_version,
        "description": "creditctl: adds purchased credits",
        "metadata": metadata if rotation is None else {**metadata, "rotation": rotation},
    }


def _creation_changes(desired: DesiredEndpoint) -> tuple[Change, ...]:
    return (
        Change("url", None, desired.url),
        Change("enabled_events", None, sorted(desired.events)),
        Change("api_version", None, desired.api_version),
    )


def successor_step(
    desired: DesiredEndpoint, old: EndpointState, endpoints: Sequence[EndpointState], reason: str
) -> Step:
    """The step that creates a second endpoint beside the first, which `webhooks rotate --finish` retires.

    Shape: `endpoints` are all of the account.
    """
    return Step(
        Action.CREATE,
        StepKind.ENDPOINT,
        desired.url,
        None,
        (Change("api_version", old.api_version, desired.api_version), Change("metadata.rotation", None, old.id)),
        creation_params(desired, rotation=old.id),
        reason,
        creation_seed(desired, [each for each in endpoints if same_url(each.url, desired.url)]),
        keeps=kept_behind(desired, old, endpoints),
    )


def left_alone_step(desired: DesiredEndpoint, endpoint: EndpointState) -> Step:
    """The step for an endpoint whose secret is elsewhere: nothing of it is touched."""
    return Step(Action.KEEP, StepKind.ENDPOINT, desired.url, endpoint.id, reason="its signing secret is not here")


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
    if adopting and (endpoint.fingerprint is None or endpoint.fingerprint not in desired.held):
        changes.append(Change(f"metadata.{STATE_KEY}", None, str(SecretState.UNPROVEN)))
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
    """The step that deletes an endpoint, and with it the secret that somebody may hold, unless it is pending."""
    given_up = not is_pending(endpoint)
    changes = (Change("secret", secret_words(endpoint), "worth nothing"),) if given_up else ()
    return Step(
        Action.DELETE,
        StepKind.ENDPOINT,
        endpoint.url,
        endpoint.id,
        changes,
        reason=reason,
        gives_up_secret=given_up,
    )


def secret_words(endpoint: EndpointState) -> str:
    """What is known of an endpoint's signing secret, in words."""
    if endpoint.fingerprint is not None:
        return f"fingerprint {endpoint.fingerprint}"
    return "never handed over" if is_pending(endpoint) else "unproven"
