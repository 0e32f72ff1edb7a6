"""Webhook endpoint plan: a pure function from what is on Stripe to steps; one endpoint a URL, whose secret we hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from creditctl.core.findings import Finding
from creditctl.provisioning.planning.endpoint_findings import endpoint_findings, made_by_hand, new_secret_not_here
from creditctl.provisioning.planning.endpoint_steps import (
    claimed,
    creation_step,
    deletion_step,
    kept_endpoint_step,
    rotation_pair,
    successor_step,
)
from creditctl.provisioning.planning.steps import Step
from creditctl.provisioning.state import DesiredEndpoint, EndpointState, release_name, same_url


@dataclass
class EndpointPlan:
    """Steps and findings of the webhook endpoint."""

    steps: list[Step] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def plan_endpoint(
    desired: DesiredEndpoint, endpoints: Sequence[EndpointState], *, adopt: str | None = None
) -> EndpointPlan:
    """Plans the steps that leave one endpoint of ours at the URL, with a signing secret that we hold.

    Shape: `adopt` is the id of an endpoint made by hand, whose secret is the one that we hold.
    """
    plan, endpoints = EndpointPlan(), claimed(desired, endpoints)
    here = [endpoint for endpoint in endpoints if same_url(endpoint.url, desired.url)]
    ours = [endpoint for endpoint in here if endpoint.ours]
    strangers = [endpoint for endpoint in here if not endpoint.ours and endpoint.id != adopt]
    plan.findings += endpoint_findings(desired, endpoints, strangers)
    adopted = next((endpoint for endpoint in here if endpoint.id == adopt and not endpoint.ours), None)
    if adopted is not None:
        plan.steps.append(kept_endpoint_step(desired, adopted, adopting=True))
        plan.steps += [deletion_step(endpoint, "another endpoint at this URL is adopted") for endpoint in ours]
        return plan
    pair = rotation_pair(ours)
    if pair is not None and (_secret_is_held(desired, pair[0]) or _secret_is_held(desired, pair[1])):
        _plan_pair(plan, desired, ours, pair)
    else:
        _plan_single(plan, desired, ours, strangers, endpoints)
    return plan


def _plan_pair(
    plan: EndpointPlan,
    desired: DesiredEndpoint,
    ours: Sequence[EndpointState],
    pair: tuple[EndpointState, EndpointState],
) -> None:
    """A rotation under way is nobody's drift; a new endpoint whose secret was never handed over gets that done."""
    old, new = pair
    if new.fingerprint is not None and not _secret_is_held(desired, new):
        plan.findings.append(new_secret_not_here(new))
    if new.fingerprint is None:
        plan.steps.append(successor_step(desired, old, ours, "its secret was never handed over"))
    else:
        plan.steps.append(kept_endpoint_step(desired, new, in_rotation=True))
    plan.steps.append(kept_endpoint_step(desired, old, in_rotation=True))
    spare = [endpoint for endpoint in ours if endpoint is not old and (endpoint is not new or not new.fingerprint)]
    plan.steps += [deletion_step(endpoint, "a duplicate at this URL") for endpoint in spare]


def _plan_single(
    plan: EndpointPlan,
    desired: DesiredEndpoint,
    ours: Sequence[EndpointState],
    strangers: Sequence[EndpointState],
    endpoints: Sequence[EndpointState],
) -> None:
    proven = _proven(desired, ours)
    moved = _moved(desired, endpoints) if not ours else None
    if proven is None and moved is None:
        _plan_creation(plan, desired, ours, strangers)
        return
    chosen = proven or moved
    if chosen is None:
        return
    if release_name(chosen.api_version) != release_name(desired.api_version):
        reason = "the API release has another name; `creditctl webhooks rotate` finishes the change"
        plan.steps.append(successor_step(desired, chosen, ours, reason))
    plan.steps.append(kept_endpoint_step(desired, chosen))
    plan.steps += [deletion_step(endpoint, "a duplicate at this URL") for endpoint in ours if endpoint.id != chosen.id]


def _proven(desired: DesiredEndpoint, ours: Sequence[EndpointState]) -> EndpointState | None:
    """The newest endpoint whose secret we hold, else the newest whose mark we are to trust."""
    held = [endpoint for endpoint in ours if endpoint.fingerprint in desired.held]
    return [None, *[endpoint for endpoint in ours if _secret_is_held(desired, endpoint)], *held][-1]


def _secret_is_held(desired: DesiredEndpoint, endpoint: EndpointState) -> bool:
    return endpoint.fingerprint is not None and (endpoint.fingerprint in desired.held or desired.trust_fingerprint)


def _moved(desired: DesiredEndpoint, endpoints: Sequence[EndpointState]) -> EndpointState | None:
    """The one endpoint of ours at another URL whose secret we hold: the backend moved, and its secret can stay."""
    matching = [endpoint for endpoint in endpoints if endpoint.ours and endpoint.fingerprint in desired.held]
    return matching[0] if len(matching) == 1 and matching[0].rotation is None else None


def _plan_creation(
    plan: EndpointPlan, desired: DesiredEndpoint, ours: Sequence[EndpointState], strangers: Sequence[EndpointState]
) -> None:
    if not ours and desired.held and any(endpoint.status == "enabled" for endpoint in strangers):
        plan.findings.append(made_by_hand(desired, strangers[0]))
        return
    plan.steps.append(creation_step(desired, ours, strangers))
    plan.steps += [deletion_step(endpoint, "it was replaced") for endpoint in ours]
