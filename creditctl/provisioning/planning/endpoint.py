"""The plan for the webhook endpoint: a pure function; one endpoint a URL, whose signing secret we hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from creditctl.core.findings import Finding, Severity
from creditctl.provisioning.planning.diff import update_params
from creditctl.provisioning.planning.steps import Action, Change, Step, StepKind
from creditctl.provisioning.state import MANAGED_BY, DesiredEndpoint, EndpointState, digest, same_url


@dataclass
class EndpointPlan:
    """The steps and findings of the endpoint."""

    steps: list[Step] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def plan_endpoint(
    wish: DesiredEndpoint, endpoints: Sequence[EndpointState], *, adopt: str | None = None
) -> EndpointPlan:
    """The steps that leave one endpoint of ours at the URL, with a secret that we hold.

    Shape: `adopt` is the id of an endpoint made by hand, whose secret is the one that we hold.
    """
    plan = EndpointPlan()
    here = [endpoint for endpoint in endpoints if same_url(endpoint.url, wish.url)]
    ours = [endpoint for endpoint in here if endpoint.ours]
    strangers = [endpoint for endpoint in here if not endpoint.ours and endpoint.id != adopt]
    plan.findings += _notes(wish, endpoints, strangers)
    adopted = next((endpoint for endpoint in here if endpoint.id == adopt and not endpoint.ours), None)
    if adopted is not None:
        _keep_or_repair(plan, wish, adopted, adopting=True)
        plan.steps += [_delete(endpoint, "another endpoint at this URL is adopted") for endpoint in ours]
        return plan
    pair = rotation_pair(ours)
    if pair is not None and (_secret_is_held(wish, pair[0]) or _secret_is_held(wish, pair[1])):
        _plan_pair(plan, wish, ours, pair)
    else:
        _plan_single(plan, wish, ours, strangers, endpoints)
    return plan


def rotation_pair(ours: Sequence[EndpointState]) -> tuple[EndpointState, EndpointState] | None:
    """The two endpoints of a rotation under way, old and new: the new one names the old one."""
    known = {endpoint.id: endpoint for endpoint in ours}
    for endpoint in ours:
        if endpoint.rotation in known:
            return known[endpoint.rotation], endpoint
    return None


def _plan_pair(
    plan: EndpointPlan, wish: DesiredEndpoint, ours: Sequence[EndpointState], pair: tuple[EndpointState, EndpointState]
) -> None:
    """A rotation under way is nobody's drift; a new endpoint whose secret was never handed over gets that done."""
    old, new = pair
    if new.fingerprint is not None and not _secret_is_held(wish, new):
        plan.findings.append(_new_secret_not_here(new))
    if new.fingerprint is None:
        plan.steps.append(successor_step(wish, old, ours, "its secret was never handed over"))
    else:
        _keep_or_repair(plan, wish, new, in_rotation=True)
    _keep_or_repair(plan, wish, old, in_rotation=True)
    spare = [endpoint for endpoint in ours if endpoint is not old and (endpoint is not new or not new.fingerprint)]
    plan.steps += [_delete(endpoint, "a duplicate at this URL") for endpoint in spare]


def _new_secret_not_here(new: EndpointState) -> Finding:
    """The backend may hold it all the same: then there is nothing wrong, so nothing is replaced."""
    return Finding(
        "endpoint.rotation_secret",
        Severity.LOW,
        new.id,
        "A rotation is under way, and the new endpoint's secret is not in these settings.",
        "If the backend holds it, all is well; if it was lost, `creditctl webhooks rotate` makes another.",
    )


def _plan_single(
    plan: EndpointPlan,
    wish: DesiredEndpoint,
    ours: Sequence[EndpointState],
    strangers: Sequence[EndpointState],
    endpoints: Sequence[EndpointState],
) -> None:
    proven = _proven(wish, ours)
    moved = _moved(wish, endpoints) if not ours else None
    if proven is None and moved is None:
        _plan_creation(plan, wish, ours, strangers)
        return
    chosen = proven or moved
    if chosen is None:
        return
    if release_name(chosen.api_version) != release_name(wish.api_version):
        reason = "the API release has another name; `creditctl webhooks rotate` finishes the change"
        plan.steps.append(successor_step(wish, chosen, ours, reason))
    _keep_or_repair(plan, wish, chosen)
    plan.steps += [_delete(endpoint, "a duplicate at this URL") for endpoint in ours if endpoint.id != chosen.id]


def _proven(wish: DesiredEndpoint, ours: Sequence[EndpointState]) -> EndpointState | None:
    """The newest endpoint whose secret we hold, else the newest whose secret lives where we are told to trust."""
    held = [endpoint for endpoint in ours if endpoint.fingerprint in wish.held]
    return [None, *[endpoint for endpoint in ours if _secret_is_held(wish, endpoint)], *held][-1]


def _secret_is_held(wish: DesiredEndpoint, endpoint: EndpointState) -> bool:
    return endpoint.fingerprint is not None and (endpoint.fingerprint in wish.held or wish.trust_fingerprint)


def _moved(wish: DesiredEndpoint, endpoints: Sequence[EndpointState]) -> EndpointState | None:
    """The one endpoint of ours at another URL whose secret we hold: the backend moved, and its secret can stay."""
    matching = [endpoint for endpoint in endpoints if endpoint.ours and endpoint.fingerprint in wish.held]
    return matching[0] if len(matching) == 1 and matching[0].rotation is None else None


def _plan_creation(
    plan: EndpointPlan, wish: DesiredEndpoint, ours: Sequence[EndpointState], strangers: Sequence[EndpointState]
) -> None:
    if not ours and wish.held and any(endpoint.status == "enabled" for endpoint in strangers):
        plan.findings.append(_choose(wish, strangers[0]))
        return
    old = ours[-1] if ours else None
    changes = (Change("secret", _secret_words(old), "captured at creation"),)
    plan.steps.append(
        Step(
            Action.CREATE if old is None else Action.REPLACE,
            StepKind.ENDPOINT,
            wish.url,
            None if old is None else old.id,
            changes if old is not None else (*_creation_changes(wish), *changes),
            creation_params(wish),
            "it does not exist" if old is None else "its signing secret is not the one that we hold",
            creation_seed(wish, [*ours, *strangers]),
        )
    )
    plan.steps += [_delete(endpoint, "it was replaced") for endpoint in ours]


def _secret_words(old: EndpointState | None) -> str | None:
    if old is None:
        return None
    return "never handed over" if old.fingerprint is None else f"fingerprint {old.fingerprint}"


def creation_seed(wish: DesiredEndpoint, here: Sequence[EndpointState]) -> str:
    """What makes two creations the same one: the URL and the endpoints there, but for those never handed over.

    A creation that was killed before its hand-over thereby repeats itself under the same idempotency key, and
    Stripe replays the answer with the secret.
    """
    seen = sorted(endpoint.id for endpoint in here if endpoint.fingerprint is not None or not endpoint.ours)
    return digest([wish.url, seen])


def creation_params(wish: DesiredEndpoint, *, rotation: str | None = None) -> dict[str, object]:
    """The request that creates the endpoint; the version can be set at no other time.

    Source: Stripe API reference, "Create a webhook endpoint".
    """
    metadata = {"managed_by": MANAGED_BY} if rotation is None else {"managed_by": MANAGED_BY, "rotation": rotation}
    return {
        "url": wish.url,
        "enabled_events": list(wish.events),
        "api_version": wish.api_version,
        "description": "creditctl: adds purchased credits",
        "metadata": metadata,
    }


def _creation_changes(wish: DesiredEndpoint) -> tuple[Change, ...]:
    return (
        Change("url", None, wish.url),
        Change("enabled_events", None, sorted(wish.events)),
        Change("api_version", None, wish.api_version),
    )


def successor_step(wish: DesiredEndpoint, old: EndpointState, ours: Sequence[EndpointState], reason: str) -> Step:
    """A second endpoint beside the first; `webhooks rotate` retires the first."""
    return Step(
        Action.CREATE,
        StepKind.ENDPOINT,
        wish.url,
        None,
        (Change("api_version", old.api_version, wish.api_version), Change("metadata.rotation", None, old.id)),
        creation_params(wish, rotation=old.id),
        reason,
        creation_seed(wish, ours),
    )


def release_name(version: str | None) -> str | None:
    """The name in an API version, `endive` in `2026-10-28.endive`: only another name may break anything.

    Source: Stripe documentation, "API versioning"; versions before 2024-09-30 are a date alone, which is their name.
    """
    return None if version is None else version.partition(".")[2] or version


def _keep_or_repair(
    plan: EndpointPlan,
    wish: DesiredEndpoint,
    endpoint: EndpointState,
    *,
    adopting: bool = False,
    in_rotation: bool = False,
) -> None:
    changes: list[Change] = []
    if not same_url(endpoint.url, wish.url):
        changes.append(Change("url", endpoint.url, wish.url))
    if set(endpoint.enabled_events) != set(wish.events):
        changes.append(Change("enabled_events", sorted(endpoint.enabled_events), sorted(wish.events)))
    if endpoint.status != "enabled":
        changes.append(Change("disabled", True, False))
    if not endpoint.ours:
        changes.append(Change("metadata.managed_by", None, MANAGED_BY))
    if adopting:
        changes.append(Change("metadata.secret_fingerprint", None, wish.held[0]))
    if endpoint.rotation is not None and not in_rotation and not _old_secret_stays(wish, endpoint):
        changes.append(Change("metadata.rotation", endpoint.rotation, ""))
    action = _repair_action(endpoint, changes, adopting=adopting)
    params = update_params(changes)
    if "enabled_events" in params:
        params["enabled_events"] = list(wish.events)
    plan.steps.append(
        Step(action, StepKind.ENDPOINT, wish.url, endpoint.id, tuple(changes), params, "it differs" if changes else "")
    )


def _old_secret_stays(wish: DesiredEndpoint, endpoint: EndpointState) -> bool:
    """Whether the settings still accept another secret besides that of a rotation's new endpoint."""
    return endpoint.fingerprint in wish.held and len(wish.held) > 1


def _repair_action(endpoint: EndpointState, changes: Sequence[Change], *, adopting: bool) -> Action:
    if not changes:
        return Action.KEEP
    if adopting:
        return Action.ADOPT
    return Action.RESTORE if endpoint.status != "enabled" else Action.UPDATE


def _delete(endpoint: EndpointState, reason: str) -> Step:
    return Step(Action.DELETE, StepKind.ENDPOINT, endpoint.url, endpoint.id, reason=reason)


def _notes(
    wish: DesiredEndpoint, endpoints: Sequence[EndpointState], strangers: Sequence[EndpointState]
) -> list[Finding]:
    notes = [_duplicate(endpoint) for endpoint in strangers]
    for endpoint in endpoints:
        if endpoint.enabled_events == ("*",) and not endpoint.ours:
            notes.append(_wildcard(endpoint))
        if endpoint.ours and same_url(endpoint.url, wish.url):
            notes += [*_version_note(wish, endpoint), *_secret_note(wish, endpoint)]
            notes += _rotation_note(wish, endpoint, endpoints)
        elif endpoint.ours and endpoint.fingerprint not in wish.held:
            notes.append(_elsewhere(endpoint))
    return notes


def _duplicate(endpoint: EndpointState) -> Finding:
    return Finding(
        "endpoint.duplicate",
        Severity.MEDIUM if endpoint.status == "enabled" else Severity.INFO,
        endpoint.id,
        f"Another endpoint that creditctl does not manage delivers to {endpoint.url}: events come twice, "
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


def _version_note(wish: DesiredEndpoint, endpoint: EndpointState) -> list[Finding]:
    if endpoint.api_version == wish.api_version or release_name(endpoint.api_version) != release_name(wish.api_version):
        return []
    return [
        Finding(
            "endpoint.version_date",
            Severity.INFO,
            endpoint.id,
            f"The endpoint sends {endpoint.api_version}, the SDK speaks {wish.api_version}: the same release.",
            "Nothing has to be done.",
        )
    ]


def _rotation_note(wish: DesiredEndpoint, endpoint: EndpointState, endpoints: Sequence[EndpointState]) -> list[Finding]:
    """A rotation that was stopped after its old endpoint went: the old secret would be accepted for ever."""
    if endpoint.rotation is None or any(other.id == endpoint.rotation for other in endpoints):
        return []
    if not _old_secret_stays(wish, endpoint):
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


def _secret_note(wish: DesiredEndpoint, endpoint: EndpointState) -> list[Finding]:
    """Where a command takes the secrets, another one in our own settings changes nothing, but may surprise."""
    if not (wish.trust_fingerprint and wish.held) or endpoint.fingerprint is None or endpoint.fingerprint in wish.held:
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


def _choose(wish: DesiredEndpoint, stranger: EndpointState) -> Finding:
    return Finding(
        "endpoint.made_by_hand",
        Severity.HIGH,
        stranger.id,
        f"An endpoint made by hand delivers to {wish.url}, and STRIPE_WEBHOOK_SECRET is set, probably to its secret; "
        "no second endpoint was made.",
        f"Take it over with --adopt {stranger.id}, or delete it and remove STRIPE_WEBHOOK_SECRET.",
    )
