"""Deployment judgement: whose a checkout session is where several deployments sell on one account. Pure.

What decides, in this order: the application's own mark (`deployment_match`), where the session carries it; the
deployment that its price names; the one that the session names. A price that names none, as an application's own or one
from before the deployment had a name, needs a session that does, unless nobody else sells on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from creditctl.core.deployment import Deployment, deployment_in, deployment_words, is_of_deployment
from creditctl.core.entitlement.facts import SessionFacts

UNSAID = "fulfilment.deployment_unsaid"
"""The finding that neither a session nor its price says whose it is."""


@dataclass(frozen=True, slots=True)
class PriceClaim:
    """What a price that was sold says of its deployment.

    Shape: `managed` is one that set-up made, `name` the deployment that it made it for; else it is the application's
           own and stands in the catalogue, `exclusive` where no other deployment sells on it.
    """

    managed: bool
    name: str | None = None
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class OtherDeployment:
    """The session is another deployment's."""

    reason: str


@dataclass(frozen=True, slots=True)
class DeploymentUnclear:
    """The session contradicts its price, or does not say whose it is where it has to: a person decides."""

    code: str
    message: str


Whose = OtherDeployment | DeploymentUnclear | None
"""Whose a session is; None means that it is this deployment's, as far as this goes."""


def whose_by_session(session: SessionFacts, deployment: Deployment) -> OtherDeployment | None:
    """What the session says by itself: another's by the application's own mark, or a named one's to the unnamed."""
    match, named = deployment.match, named_by(session, deployment)
    if match is not None and match.key in session.metadata:
        marked = session.metadata[match.key]
        words = f"its metadata {match.key} is {marked}, not {match.value}"
        return None if marked == match.value else OtherDeployment(words)
    if deployment.name is None and named is not None:
        return OtherDeployment(f"it belongs to {deployment_words(named)}")
    return None


def session_decides(session: SessionFacts, deployment: Deployment) -> bool:
    """Whether no price has to be asked whose the session is: there is one deployment, its mark says it, or it is from
    before the deployment had a name, and is judged as it was then.
    """
    if deployment.name is None or _is_marked(session, deployment):
        return True
    return _is_from_before(session, deployment) and named_by(session, deployment) is None


def whose_by_prices(session: SessionFacts, deployment: Deployment, claims: Sequence[PriceClaim]) -> Whose:
    """What the prices that were sold say. Shape: `claims` are those of ours, made by set-up or listed."""
    if _is_marked(session, deployment):
        return None
    managed = {claim.name for claim in claims if claim.managed}
    if managed and deployment.name in managed:
        return _contradiction(session, deployment)
    if managed - {None}:
        return OtherDeployment(f"its price belongs to {deployment_words(min(managed - {None}, key=str))}")
    return _by_name(session, deployment, claims, listed=not managed)


def is_own_payment(metadata: Mapping[str, str], created: int, deployment: Deployment) -> bool:
    """Whether a payment intent without a session names this deployment. Units: `created` in Unix seconds."""
    if is_of_deployment(metadata, deployment.name):
        return True
    before = deployment.named_since is not None and created < deployment.named_since
    return before and is_of_deployment(metadata, None)


def named_by(session: SessionFacts, deployment: Deployment) -> str | None:
    """The deployment that a session names; without one of one's own, only creditctl's sessions do so."""
    if deployment.name is None and not session.managed:
        return None
    return deployment_in(session.metadata)


def _is_marked(session: SessionFacts, deployment: Deployment) -> bool:
    match = deployment.match
    return match is not None and session.metadata.get(match.key) == match.value


def _is_from_before(session: SessionFacts, deployment: Deployment) -> bool:
    """Whether the session was made before the deployment got its name."""
    return deployment.named_since is not None and session.created < deployment.named_since


def _contradiction(session: SessionFacts, deployment: Deployment) -> Whose:
    """On a price of this deployment only another name in the metadata stands against it."""
    named = named_by(session, deployment)
    if named in (None, deployment.name):
        return None
    text = f"Its price belongs to {deployment.words}, its metadata name {deployment_words(named)}."
    return DeploymentUnclear("fulfilment.deployment_conflict", text)


def _by_name(session: SessionFacts, deployment: Deployment, claims: Sequence[PriceClaim], *, listed: bool) -> Whose:
    """The price names none: what the session names decides, and of one that names none, its age."""
    named = named_by(session, deployment)
    if named is not None:
        return None if named == deployment.name else OtherDeployment(f"it names {deployment_words(named)}")
    if _is_from_before(session, deployment):
        return None
    if listed and claims:
        return _of_listed(deployment, claims)
    if deployment.name is None:
        return None
    if deployment.named_since is None:
        return OtherDeployment("neither it nor its price names a deployment")
    return DeploymentUnclear(
        UNSAID,
        f"It was sold on a price from before {deployment.words} had its name, and names no deployment.",
    )


def _of_listed(deployment: Deployment, claims: Sequence[PriceClaim]) -> Whose:
    """On an application's own price: its own where nobody else sells on it, or where nothing was said of others."""
    alone = deployment.name is None and deployment.match is None
    if alone or all(claim.exclusive for claim in claims):
        return None
    mark = f"metadata {deployment.match.key}" if deployment.match is not None else "metadata deployment"
    return DeploymentUnclear(
        UNSAID,
        f"It was sold on a price that several deployments may sell on, and has no {mark} to say whose it is.",
    )
