"""Findings about webhook endpoints: duplicates, foreign versions, secrets elsewhere, unfinished rotations; no steps."""

from __future__ import annotations

from collections.abc import Sequence

from creditctl.core.deployment import deployment_in, deployment_words
from creditctl.core.findings import Finding, Severity
from creditctl.core.metadata import is_managed
from creditctl.provisioning.planning.endpoint_secrets import Holding, holding
from creditctl.provisioning.planning.endpoint_steps import is_pending, old_secret_stays, secret_words
from creditctl.provisioning.state import DesiredEndpoint, EndpointState, release_name, same_url


def endpoint_findings(
    desired: DesiredEndpoint,
    endpoints: Sequence[EndpointState],
    strangers: Sequence[EndpointState],
    *,
    taken: EndpointState | None = None,
) -> list[Finding]:
    """Finds what an operator should know about the account's endpoints, whatever the plan does.

    Shape: `strangers` deliver to our URL, and neither carry our marker nor are adopted; `taken` is one that is adopted
           or moved now.
    """
    notes = [_duplicate(endpoint) for endpoint in strangers]
    for endpoint in endpoints:
        if endpoint.enabled_events == ("*",) and not endpoint.ours and endpoint is not taken:
            notes.append(_wildcard(endpoint))
        if endpoint is taken or (endpoint.ours and same_url(endpoint.url, desired.url)):
            notes += [*_version_note(desired, endpoint), *_secret_note(desired, endpoint, endpoints)]
            notes += _rotation_note(desired, endpoint, endpoints)
        elif endpoint.ours:
            notes.append(_elsewhere(desired, endpoint))
    return notes


def _whose(endpoint: EndpointState) -> str:
    """Whose an endpoint is that is not ours: another deployment's, or nobody's that creditctl knows."""
    if is_managed(endpoint.metadata):
        return f" of {deployment_words(deployment_in(endpoint.metadata))}"
    return " that creditctl does not manage"


def _duplicate(endpoint: EndpointState) -> Finding:
    return Finding(
        "endpoint.duplicate",
        _severity_of_duplicate(endpoint),
        endpoint.id,
        f"Another endpoint{_whose(endpoint)} delivers to {endpoint.url}: events come twice, "
        "and its signatures are made with another secret.",
        f"Find out who made it (`creditctl webhooks list`). If STRIPE_WEBHOOK_SECRET is its secret, take it over: "
        f"`creditctl setup --adopt {endpoint.id}`; if nobody needs it, delete it: `creditctl webhooks delete "
        f"{endpoint.id}`.",
    )


def duplicate_of_ours(endpoint: EndpointState) -> Finding:
    """The finding about a second endpoint of ours at the URL, which stays because somebody may hold its secret."""
    return Finding(
        "endpoint.duplicate",
        _severity_of_duplicate(endpoint),
        endpoint.id,
        f"Another endpoint of creditctl delivers to {endpoint.url} too ({secret_words(endpoint)}): events come twice. "
        "It was left alone, because somebody may hold its signing secret.",
        f"If nobody needs it, delete it: `creditctl webhooks delete {endpoint.id}`.",
    )


def _severity_of_duplicate(endpoint: EndpointState) -> Severity:
    return Severity.MEDIUM if endpoint.status == "enabled" else Severity.INFO


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
            "Finish it with `creditctl webhooks rotate --finish`.",
        )
    ]


def _secret_note(
    desired: DesiredEndpoint, endpoint: EndpointState, endpoints: Sequence[EndpointState]
) -> list[Finding]:
    """What is not proven, and what another place holds: nothing is wrong, but neither may go unsaid."""
    where = Holding.UNPROVEN if not endpoint.ours else holding(desired, endpoint, endpoints)
    if where is Holding.UNPROVEN and not is_pending(endpoint):
        return [_unproven(endpoint)]
    return [_trusted(desired, endpoint)] if where is Holding.TRUSTED else []


def _unproven(endpoint: EndpointState) -> Finding:
    return Finding(
        "endpoint.unproven",
        Severity.LOW,
        endpoint.id,
        f"Nothing proves that the signing secret in use is that of {endpoint.id}: if it is another, every delivery "
        "fails.",
        "Prove it with `creditctl webhooks probe`, and the same again after the next event was delivered.",
    )


def _trusted(desired: DesiredEndpoint, endpoint: EndpointState) -> Finding:
    """Where another place holds the secrets, another one in our own settings changes nothing, but may surprise."""
    here = "is another one" if desired.held else "is not set"
    return Finding(
        "endpoint.secret_elsewhere",
        Severity.LOW if desired.held else Severity.INFO,
        endpoint.id,
        f"The signing secret of {endpoint.id} was handed over to another place; STRIPE_WEBHOOK_SECRET here {here}.",
        "Nothing has to be done if the backend takes it from there.",
    )


def secret_elsewhere(desired: DesiredEndpoint, endpoint: EndpointState) -> Finding:
    """The finding that somebody else holds the endpoint's secret: it was left alone, with the ways out."""
    here = "another one" if desired.held else "none"
    return Finding(
        "endpoint.secret_elsewhere",
        Severity.HIGH,
        endpoint.id,
        f"{endpoint.id} delivers to {endpoint.url} with a signing secret ({secret_words(endpoint)}) that is not here: "
        f"STRIPE_WEBHOOK_SECRET holds {here}. The endpoint was left alone, because somebody may hold its secret.",
        "Put its secret into STRIPE_WEBHOOK_SECRET here; or get a second endpoint beside it with `creditctl setup "
        "--rotate`; or give its secret up with `creditctl setup --replace-endpoint`; or, where a secret manager holds "
        'it, use --secret-command or write secret = "elsewhere" below [webhook] in creditctl.toml.',
    )


def other_release(desired: DesiredEndpoint, endpoint: EndpointState) -> Finding:
    """The finding that the endpoint sends another release, and its secret is not here to overlap with a successor's."""
    return Finding(
        "endpoint.version_release",
        Severity.MEDIUM,
        endpoint.id,
        f"The endpoint sends {endpoint.api_version or 'the version of the account'}, and the SDK speaks "
        f"{desired.api_version}: another release. Its signing secret is not here, so no successor was made.",
        "Make one beside it with `creditctl setup --rotate`; where another place holds the secret, add "
        "--secret-command.",
    )


def rotation_without_old_secret(old: EndpointState, new: EndpointState | None) -> Finding:
    """The finding that a rotation hands over the new secret alone, and which deliveries fail meanwhile."""
    name = "the new endpoint" if new is None else new.id
    return Finding(
        "endpoint.rotation_alone",
        Severity.LOW,
        old.id,
        f"The signing secret of {old.id} is not here, so the new one stands alone: until the backend has it, the "
        f"deliveries of {name} fail; once it has only that, those of {old.id} do.",
        "Give the backend the new secret, then retire the old endpoint: `creditctl webhooks rotate --finish`.",
    )


def _elsewhere(desired: DesiredEndpoint, endpoint: EndpointState) -> Finding:
    if endpoint.fingerprint is not None and endpoint.fingerprint in desired.held:
        return Finding(
            "endpoint.elsewhere",
            Severity.LOW,
            endpoint.id,
            f"The signing secret in these settings is that of {endpoint.id}, which delivers to {endpoint.url}; "
            f"{desired.url} has an endpoint and a secret of its own.",
            f"If the backend moved from there, `creditctl setup --move-endpoint {endpoint.id}` takes endpoint and "
            "secret along; if these settings are a copy, nothing has to be done.",
        )
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
        f"Take it over: `creditctl setup --adopt {stranger.id}`; or, if nobody needs it, remove STRIPE_WEBHOOK_SECRET "
        f"and delete it: `creditctl webhooks delete {stranger.id}`.",
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
        f"If the backend holds it, all is well; if it was lost, delete it (`creditctl webhooks delete {new.id}`) and "
        "begin again with `creditctl webhooks rotate`.",
    )
