"""An endpoint is disabled, enabled or deleted by a plan of one step: shown first, then sent as shown, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import stripe

from creditctl.provisioning.endpoint_switch import SwitchAction, apply_endpoint_switch, plan_endpoint_switch
from creditctl.provisioning.observe import observe_endpoint, observe_endpoints
from creditctl.provisioning.planning.steps import Action, Step, StepKind
from creditctl.provisioning.state import EndpointState
from creditctl.stripe_api.client import StripeConnection
from tests.support.provisioning import Doors, Mortal
from tests.support.scripted_stripe import Killed

URL = "https://api.example.com/api/credits/webhook"
SEEN = EndpointState("we_1", URL, ("charge.refunded",))


@pytest.fixture
def endpoint(door: StripeConnection) -> EndpointState:
    """An enabled endpoint of the account."""
    made = door.client.v1.webhook_endpoints.create({"url": URL, "enabled_events": ["charge.refunded"]})
    return observe_endpoint(door, made.id)


def step_of(endpoint: EndpointState, action: SwitchAction) -> Step:
    return plan_endpoint_switch(endpoint, action).step


@pytest.mark.parametrize(
    ("status", "action", "planned", "params"),
    [
        ("enabled", SwitchAction.DISABLE, Action.UPDATE, {"disabled": True}),
        ("disabled", SwitchAction.ENABLE, Action.RESTORE, {"disabled": False}),
        ("enabled", SwitchAction.DELETE, Action.DELETE, {}),
        ("disabled", SwitchAction.DELETE, Action.DELETE, {}),
        ("disabled", SwitchAction.DISABLE, Action.KEEP, {}),
        ("enabled", SwitchAction.ENABLE, Action.KEEP, {}),
    ],
)
def test_the_plan_is_one_step(status: str, action: SwitchAction, planned: Action, params: dict[str, bool]) -> None:
    seen = EndpointState("we_1", URL, ("charge.refunded",), status=status)
    step = step_of(seen, action)

    assert (step.action, step.kind, step.id, step.subject) == (planned, StepKind.ENDPOINT, "we_1", URL)
    assert dict(step.params) == params
    assert bool(step.changes) is (planned is not Action.KEEP)
    assert step.reason


def test_the_plan_is_a_value_that_can_be_compared_and_printed() -> None:
    one, other = (plan_endpoint_switch(SEEN, SwitchAction.DISABLE) for _ in range(2))

    assert one == other
    assert one != plan_endpoint_switch(SEEN, SwitchAction.DELETE)
    assert json.loads(json.dumps(one.plan.as_dict()))["summary"]["update"] == 1
    assert one.plan.changes == (one.step,)


def test_planning_sends_nothing_that_changes_stripe(door: StripeConnection, endpoint: EndpointState) -> None:
    before = door.request_count
    for action in SwitchAction:
        plan_endpoint_switch(endpoint, action)

    assert door.request_count == before
    assert observe_endpoints(door) == (endpoint,)


def test_an_endpoint_is_disabled_and_enabled_again(door: StripeConnection, endpoint: EndpointState) -> None:
    off = apply_endpoint_switch(door, plan_endpoint_switch(endpoint, SwitchAction.DISABLE))
    assert off is not None
    assert (off.id, off.status) == (endpoint.id, "disabled")

    on = apply_endpoint_switch(door, plan_endpoint_switch(off, SwitchAction.ENABLE))
    assert on == endpoint == observe_endpoint(door, endpoint.id)


def test_what_is_as_wanted_already_costs_no_request(door: StripeConnection, endpoint: EndpointState) -> None:
    before = door.request_count

    assert apply_endpoint_switch(door, plan_endpoint_switch(endpoint, SwitchAction.ENABLE)) == endpoint
    assert door.request_count == before


def test_an_endpoint_is_deleted_and_a_second_time_refused(door: StripeConnection, endpoint: EndpointState) -> None:
    switch = plan_endpoint_switch(endpoint, SwitchAction.DELETE)

    assert apply_endpoint_switch(door, switch) is None
    assert observe_endpoints(door) == ()
    with pytest.raises(stripe.InvalidRequestError):
        apply_endpoint_switch(door, switch)
    with pytest.raises(stripe.InvalidRequestError):
        observe_endpoint(door, endpoint.id)


def test_the_audit_names_the_step(door: StripeConnection, endpoint: EndpointState, tmp_path: Path) -> None:
    apply_endpoint_switch(door, plan_endpoint_switch(endpoint, SwitchAction.DISABLE))
    last = json.loads((tmp_path / "audit.jsonl").read_text().splitlines()[-1])

    assert last["purpose"] == f"update webhook_endpoint {URL} ({endpoint.id})"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("action", [SwitchAction.DISABLE, SwitchAction.DELETE])
def test_a_kill_leaves_the_endpoint_as_it_was_or_as_planned(
    endpoint: EndpointState,
    make_door: Doors,
    mortal: Mortal,
    action: SwitchAction,
    after: bool,
) -> None:
    with pytest.raises(Killed):
        apply_endpoint_switch(make_door(mortal(1, after=after)), plan_endpoint_switch(endpoint, action))

    left = observe_endpoints(make_door())
    if not after:
        assert left == (endpoint,)
    else:
        assert [seen.status for seen in left] == (["disabled"] if action is SwitchAction.DISABLE else [])
