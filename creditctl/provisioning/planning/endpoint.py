"""Webhook endpoint plan: a pure function from what is on Stripe to steps; no secret that somebody may hold is given up.

Only an endpoint that is still pending is made again without asking. What was handed over, adopted or carries no mark
stays, unless the operator says otherwise: `EndpointChoice`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from creditctl.core.findings import Finding
from creditctl.provisioning.planning.endpoint_choice import NO_CHOICE, EndpointChoice
from creditctl.provisioning.planning.endpoint_findings import (
    duplicate_of_ours,
    endpoint_findings,
    made_by_hand,
    new_secret_not_here,
    other_release,
    rotation_without_old_secret,
    secret_elsewhere,
)
from creditctl.provisioning.planning.endpoint_secrets import Holding, free_secrets, holding, kept_behind
from creditctl.provisioning.planning.endpoint_steps import (
    claimed,
    creation_step,
    deletion_step,
    is_pending,
    kept_endpoint_step,
    left_alone_step,
    rotation_pair,
    successor_step,
)
from creditctl.provisioning.planning.steps import Step
from creditctl.provisioning.state import DesiredEndpoint, EndpointState, release_name, same_url

_NEVER_HANDED_OVER = "its signing secret was never handed over"


@dataclass
class EndpointPlan:
    """Steps and findings of the webhook endpoint."""

    steps: list[Step] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class _Site:
    """The account's endpoints as the plan sees them: ours at the URL, settled or pending, and strangers there."""

    desired: DesiredEndpoint
    endpoints: Sequence[EndpointState]
    choice: EndpointChoice

    @cached_property
    def here(self) -> list[EndpointState]:
        return [endpoint for endpoint in self.endpoints if same_url(endpoint.url, self.desired.url)]

    @cached_property
    def settled(self) -> list[EndpointState]:
        return [endpoint for endpoint in self.here if endpoint.ours and not is_pending(endpoint)]

    @cached_property
    def pending(self) -> list[EndpointState]:
        return [endpoint for endpoint in self.here if endpoint.ours and is_pending(endpoint)]

    @cached_property
    def strangers(self) -> list[EndpointState]:
        return [endpoint for endpoint in self.here if not endpoint.ours and endpoint.id != self.choice.adopt]

    @cached_property
    def taken(self) -> EndpointState | None:
        """The endpoint that is named: made by hand and adopted, or moved from another URL."""
        for endpoint in self.endpoints:
            if endpoint.id == self.choice.adopt and not endpoint.ours and endpoint in self.here:
                return endpoint
            if endpoint.id == self.choice.move and endpoint.ours and endpoint not in self.here:
                return endpoint
        return None

    def holding(self, endpoint: EndpointState) -> Holding:
        return holding(self.desired, endpoint, self.endpoints)

    def best(self) -> EndpointState | None:
        """The settled endpoint whose secret is known best, of equals the newest; None where all are elsewhere."""
        known = [endpoint for endpoint in self.settled if self.holding(endpoint) > Holding.ELSEWHERE]
        return max(reversed(known), key=self.holding, default=None)


def plan_endpoint(
    desired: DesiredEndpoint, endpoints: Sequence[EndpointState], *, choice: EndpointChoice = NO_CHOICE
) -> EndpointPlan:
    """Plans the steps that leave one endpoint of ours at the URL, as far as no secret is given up for it."""
    endpoints = claimed(desired, endpoints)
    site = _Site(desired, endpoints, choice)
    plan = EndpointPlan(findings=endpoint_findings(desired, endpoints, site.strangers, taken=site.taken))
    pair = rotation_pair([*site.settled, *site.pending])
    best = site.best()
    if site.taken is not None:
        _plan_taken(plan, site, site.taken)
    elif pair is not None and is_pending(pair[1]):
        _plan_unfinished_pair(plan, site, pair[0])
    elif best is None:
        _plan_without(plan, site)
    elif pair is not None and not _ends_pair(site, pair):
        _plan_pair(plan, site, pair)
    else:
        _plan_kept(plan, site, best)
    return plan


def _plan_taken(plan: EndpointPlan, site: _Site, taken: EndpointState) -> None:
    """An endpoint that the operator names stays, and its secret with it, wherever that is."""
    _plan_kept(plan, site, taken)
    if taken.ours and site.holding(taken) is Holding.ELSEWHERE:
        plan.findings.append(secret_elsewhere(site.desired, taken))


def _ends_pair(site: _Site, pair: tuple[EndpointState, EndpointState]) -> bool:
    """Whether the old endpoint of a rotation may go: the operator says so, and the new one's secret is here."""
    return site.choice.replace and site.holding(pair[0]) is Holding.ELSEWHERE


def _plan_unfinished_pair(plan: EndpointPlan, site: _Site, old: EndpointState) -> None:
    """A rotation that was killed before its new secret was handed over gets that done."""
    _succeed(plan, site, old, _NEVER_HANDED_OVER)
    plan.steps += [_stays(site, endpoint) for endpoint in site.settled]
    _drop_pending(plan, site)


def _succeed(plan: EndpointPlan, site: _Site, old: EndpointState, reason: str) -> None:
    step = successor_step(site.desired, old, site.endpoints, reason)
    plan.steps.append(step)
    if not step.keeps:
        plan.findings.append(rotation_without_old_secret(old, None))


def _plan_pair(plan: EndpointPlan, site: _Site, pair: tuple[EndpointState, EndpointState]) -> None:
    """A rotation under way is nobody's drift."""
    old, new = pair
    if site.holding(new) is Holding.ELSEWHERE:
        plan.findings.append(new_secret_not_here(new))
    elif site.holding(old) is Holding.ELSEWHERE:
        plan.findings.append(rotation_without_old_secret(old, new))
    plan.steps += [_stays(site, new), _stays(site, old)]
    _leave_others(plan, site, (old, new))
    _drop_pending(plan, site)


def _stays(site: _Site, endpoint: EndpointState) -> Step:
    if site.holding(endpoint) is Holding.ELSEWHERE:
        return left_alone_step(site.desired, endpoint)
    return kept_endpoint_step(site.desired, endpoint, in_rotation=True)


def _plan_kept(plan: EndpointPlan, site: _Site, chosen: EndpointState) -> None:
    """One endpoint stays or is taken over; a successor beside it where that is wanted or the release differs."""
    if not chosen.ours:  # adopted before anything else: killed after that, the next run knows it as ours
        plan.steps.append(kept_endpoint_step(site.desired, chosen, adopting=True))
    _plan_successor(plan, site, chosen)
    if chosen.ours:
        plan.steps.append(kept_endpoint_step(site.desired, chosen))
    _leave_others(plan, site, (chosen,))
    _drop_pending(plan, site)


def _plan_successor(plan: EndpointPlan, site: _Site, chosen: EndpointState) -> None:
    if site.choice.rotate:
        _succeed(plan, site, chosen, "--rotate")
        return
    if release_name(chosen.api_version) == release_name(site.desired.api_version):
        return
    if not kept_behind(site.desired, chosen, site.endpoints):
        plan.findings.append(other_release(site.desired, chosen))
        return
    reason = "the API release has another name; `creditctl webhooks rotate --finish` finishes the change"
    _succeed(plan, site, chosen, reason)


def _leave_others(plan: EndpointPlan, site: _Site, chosen: Sequence[EndpointState]) -> None:
    """Whoever holds another endpoint's secret keeps it, until the operator says that it may go."""
    for endpoint in site.settled:
        if endpoint in chosen:
            continue
        if site.choice.replace and site.holding(endpoint) is Holding.ELSEWHERE:
            plan.steps.append(deletion_step(endpoint, "--replace-endpoint"))
        else:
            plan.findings.append(duplicate_of_ours(endpoint))


def _drop_pending(plan: EndpointPlan, site: _Site) -> None:
    plan.steps += [deletion_step(endpoint, _NEVER_HANDED_OVER) for endpoint in site.pending]


def _plan_without(plan: EndpointPlan, site: _Site) -> None:
    """No secret of an endpoint at the URL is here: one is made, or what is there is left to the operator."""
    if not site.settled:
        _plan_creation(plan, site)
    elif site.choice.replace:
        plan.steps.append(creation_step(site.desired, site.here, replaced=site.settled[-1]))
        plan.steps += [deletion_step(endpoint, "--replace-endpoint") for endpoint in site.settled]
    elif site.choice.rotate:
        _succeed(plan, site, site.settled[-1], "--rotate")
        plan.steps += [left_alone_step(site.desired, endpoint) for endpoint in site.settled]
    elif site.pending:
        plan.steps.append(creation_step(site.desired, site.here, replaced=site.pending[-1], keep_old=True))
        plan.findings += [duplicate_of_ours(endpoint) for endpoint in site.settled]
    else:
        plan.steps += [left_alone_step(site.desired, endpoint) for endpoint in site.settled]
        plan.findings += [secret_elsewhere(site.desired, endpoint) for endpoint in site.settled]
    _drop_pending(plan, site)


def _plan_creation(plan: EndpointPlan, site: _Site) -> None:
    working = [endpoint for endpoint in site.strangers if endpoint.status == "enabled"]
    if working and not site.pending and free_secrets(site.desired, site.endpoints):
        # One finding about one endpoint: that its signatures were made with another secret would contradict it.
        plan.findings[:] = [finding for finding in plan.findings if finding.subject != working[0].id]
        plan.findings.append(made_by_hand(site.desired, working[0]))
        return
    pending = site.pending[-1] if site.pending else None
    plan.steps.append(creation_step(site.desired, site.here, replaced=pending))
