"""Findings about webhook endpoints: duplicates, foreign versions, secrets elsewhere, unfinished rotations; no steps."""

from __future__ import annotations

from collections.abc import Sequence

from creditctl.core.deployment import deployment_in, deployment_words
from creditctl.core.findings import Finding, Severity
from creditctl.core.metadata import is_managed
from creditctl.provisioning.planning.endpoint_steps import old_secret_stays
from creditctl.provisioning.state import DesiredEndpoint, EndpointState, release_name, same_url


def endpoint_findings(
    desired: DesiredEndpoint, endpoints: Sequence[EndpointState], strangers: Sequence[EndpointState]
) -> list[Finding]:
    """Finds what an operator should know about the account's endpoints, whatever the plan does.

    Shape: `strangers` deliver to our URL, and neither carry our marker nor are adopted.
    """
    notes = [_duplicate(endpoint) for endpoint in strangers]
    for endpoint in endpoints:
        if endpoint.enabled_events == ("*",) and not endpoint.ours:
            notes.append(_wildcard(endpoint))
        if endpoint.ours and same_url(endpoint.url, desired.url):
            notes += [*_version_note(desired, endpoint), *_secret_note(desired, endpoint)]
            notes += _rotation_note(desired, endpoint, endpoints)
        elif endpoint.ours and endpoint.fingerprint not in desired.held:
            notes.append(_elsewhere(endpoint))
    return notes


def _whose(endpoint: EndpointState) -> str:
    """Whose an endpoint is that is not ours: another deployment's, or nobody's that creditctl knows."""
    if is_managed(endpoint.metadata):
        return f" of {deployment_words(deployment_in(endpoint.metadata))}"
    return " that creditctl does not manage"


def _duplicate(endpoint: EndpointState) -> Finding:
    return Finding(
        "endpoint.duplicate",
        Severity.MEDIUM if endpoint.status == "enabled" else Severity.INFO,
        endpoint.id,
        f"Another endpoint{_whose(endpoint)} delivers to {endpoint.url}: events come twice, "
        "and its signatures are made with another secret.",
        f"Delete it (`creditctl webhooks delete {endpoint.id}`), or take it over with --adopt {endpoint.id}.",
    )


def _wildcard(endpoint: EndpointState) -> Finding:
    return Finding(
        "endpoint.all_events",
        Severity.INFO,
        endpoint.id,
        f"The endpoint at {endpoint.url} subscribes to every event (*).",
        "Name the events that it needs.",
    )


def _version_note(desired: DesiredEndpoint, endpoint: EndpointState) -> list[Finding]:
    if endpoint.api_version == desired.api_version or release_name(endpoint.api_version) != release_name(
        desired.api_version
    ):
        return []
    return [
        Finding(
            "endpoint.version_date",
            Severity.INFO,
            endpoint.id,
            f"The endpoint sends {endpoint.api_version}, the SDK speaks {desired.api_version}: the same release.",
            "Nothing has to be done.",
        )
    ]


def _rotation_note(
    desired: DesiredEndpoint, endpoint: EndpointState, endpoints: Sequence[EndpointState]
) -> list[Finding]:
    """A rotation that was stopped after its old endpoint went: the old secret would be accepted for ever."""
    if endpoint.rotation is None or any(other.id == endpoint.rotation for other in endpoints):
        return []
    if not old_secret_stays(desired, endpoint):
        return []
    return [
        Finding(
            "endpoint.rotation_unfinished",
            Severity.LOW,
            endpoint.id,
            "A rotation was stopped after the old endpoint was deleted; its secret is still accepted.",
            "Finish it with `creditctl webhooks rotate`.",
        )
    ]


def _secret_note(desired: DesiredEndpoint, endpoint: EndpointState) -> list[Finding]:
    """Where a command takes the secrets, another one in our own settings changes nothing, but may surprise."""
    if (
        not (desired.trust_fingerprint and desired.held)
        or endpoint.fingerprint is None
        or endpoint.fingerprint in desired.held
    ):
        return []
    return [
        Finding(
            "endpoint.secret_elsewhere",
            Severity.LOW,
            endpoint.id,
            "STRIPE_WEBHOOK_SECRET here is not the secret that was handed over for this endpoint.",
            f"If the backend uses the one here, run setup without --secret-command; if its own was lost, "
            f"`creditctl webhooks delete {endpoint.id}` and run setup again.",
        )
    ]


def _elsewhere(endpoint: EndpointState) -> Finding:
    return Finding(
        "endpoint.elsewhere",
        Severity.INFO,
        endpoint.id,
        f"An endpoint of creditctl delivers to another URL, {endpoint.url}.",
        f"If nothing needs it, delete it: `creditctl webhooks delete {endpoint.id}`.",
    )


def made_by_hand(desired: DesiredEndpoint, stranger: EndpointState) -> Finding:
    """The finding that somebody has to choose: take the endpoint over, or let set-up make its own."""
    made = _whose(stranger).strip() if is_managed(stranger.metadata) else "made by hand"
    return Finding(
        "endpoint.made_by_hand",
        Severity.HIGH,
        stranger.id,
        f"An endpoint {made} delivers to {desired.url}, and STRIPE_WEBHOOK_SECRET is set, probably to its "
        "secret; no second endpoint was made.",
        f"Take it over with --adopt {stranger.id}, or delete it and remove STRIPE_WEBHOOK_SECRET.",
    )


def new_secret_not_here(new: EndpointState) -> Finding:
    """The finding that a rotation's new secret is not in these settings.

    The backend may hold it all the same: then there is nothing wrong, so nothing is replaced.
    """
    return Finding(
        "endpoint.rotation_secret",
        Severity.LOW,
        new.id,
        "A rotation is under way, and the new endpoint's secret is not in these settings.",
        "If the backend holds it, all is well; if it was lost, `creditctl webhooks rotate` makes another.",
    )
