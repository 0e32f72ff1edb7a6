"""Endpoint switch: plan and apply of `webhooks disable`, `enable` and `delete`, one webhook endpoint at a time.

The plan is a value of one step, as that of set-up is: `--dry-run` prints it, and apply sends nothing else.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from creditctl.provisioning.endpoint_creation import delete_endpoint
from creditctl.provisioning.observe import endpoint_state
from creditctl.provisioning.planning.steps import Action, Change, Plan, Step, StepKind
from creditctl.provisioning.state import EndpointState
from creditctl.provisioning.stripe_writes import update_endpoint

if TYPE_CHECKING:
    from creditctl.stripe_api.client import StripeConnection


class SwitchAction(StrEnum):
    """What is done to the endpoint."""

    DISABLE = "disable"
    ENABLE = "enable"
    DELETE = "delete"


_REASONS = {
    SwitchAction.DISABLE: "events that happen while it is disabled are not delivered later",
    SwitchAction.ENABLE: "events are delivered from now on",
    SwitchAction.DELETE: "its signing secret goes with it, and cannot be had again",
}


@dataclass(frozen=True, slots=True)
class EndpointSwitch:
    """A planned switch: the endpoint as it was seen, and the one step that is to be done, `keep` where none is."""

    endpoint: EndpointState
    step: Step

    @property
    def plan(self) -> Plan:
        """The switch as a plan, to be printed and compared like that of set-up."""
        return Plan((self.step,))


def plan_endpoint_switch(endpoint: EndpointState, action: SwitchAction) -> EndpointSwitch:
    """The step that disables, enables or deletes an endpoint; a pure function.

    Shape: an endpoint that is in the wanted status already gets the action `keep`, which sends nothing.
    """
    if action is SwitchAction.DELETE:
        change = Change("url", endpoint.url, None)
        return EndpointSwitch(endpoint, _step(endpoint, Action.DELETE, (change,), {}, _REASONS[action]))
    wanted = "disabled" if action is SwitchAction.DISABLE else "enabled"
    if endpoint.status == wanted:
        return EndpointSwitch(endpoint, _step(endpoint, Action.KEEP, (), {}, f"it is {wanted} already"))
    done = Action.UPDATE if action is SwitchAction.DISABLE else Action.RESTORE
    change = Change("status", endpoint.status, wanted)
    params: dict[str, object] = {"disabled": action is SwitchAction.DISABLE}
    return EndpointSwitch(endpoint, _step(endpoint, done, (change,), params, _REASONS[action]))


def _step(
    endpoint: EndpointState, action: Action, changes: tuple[Change, ...], params: dict[str, object], reason: str
) -> Step:
    return Step(action, StepKind.ENDPOINT, endpoint.url, endpoint.id, changes, params, reason)


def apply_endpoint_switch(connection: StripeConnection, switch: EndpointSwitch) -> EndpointState | None:
    """Sends the planned request; answers the endpoint as Stripe has it then, None where it was deleted.

    Errors: stripe.InvalidRequestError where it is gone since the plan; ConfigurationError for a missing permission.
    """
    step = switch.step
    if step.action is Action.KEEP:
        return switch.endpoint
    with nullcontext() if connection.audit is None else connection.audit.purpose(step.title):
        if step.action is Action.DELETE:
            delete_endpoint(connection, switch.endpoint.id, must_exist=True)
            return None
        updated = update_endpoint(connection.client, switch.endpoint.id, step.params)
        return endpoint_state(updated, connection.deployment)
