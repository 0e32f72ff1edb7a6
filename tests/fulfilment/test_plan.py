"""What is to be written for an event is a value: it can be seen before anything is written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from creditctl.core.catalog import Catalog, Package
from creditctl.core.errors import Unreachable
from creditctl.fulfilment.event import Event, parse_event
from creditctl.fulfilment.plan import plan
from creditctl.payments.posting_plan import Origin, PlanOutcome, PostingPlan
from tests.fulfilment.conftest import World

CATALOG = Catalog((Package(1, "starter", "Starter", 1000, 1000, "usd"),))


def parsed(event: dict[str, Any]) -> Event:
    found = parse_event(json.dumps(event).encode())
    assert found is not None
    return found


def planned(world: World, event: dict[str, Any]) -> PostingPlan:
    return plan(parsed(event), world.reads, CATALOG, "acct_1", False)


def test_a_paid_session_is_planned_as_its_purchase(world: World) -> None:
    event = world.events.session(1)
    found = planned(world, event)
    assert found.entry is not None
    assert (found.origin, found.outcome, found.payment_key) == (Origin.EVENT, PlanOutcome.POSTED, "pi_1")
    assert (found.entry.user_id, found.entry.credits, found.entry.source_event) == ("user1", 1000, event["id"])
    assert found.entry.created == event["created"], "when it was paid, not when the session was opened"
    assert found == planned(world, event), "planning twice is the same plan"


def test_a_refund_is_planned_as_a_fact(world: World) -> None:
    found = planned(world, world.events.refund("created", "re_1", 300))
    assert (found.entry, [fact.object_id for fact in found.facts]) == (None, ["re_1"])
    assert found.payment_key == "pi_1"


@pytest.mark.parametrize(
    ("changes", "outcome", "reason"),
    [
        ({"payment_status": "unpaid"}, PlanOutcome.WAITING, "payment_status unpaid"),
        ({"mode": "subscription"}, PlanOutcome.NOT_OURS, "a subscription session sells no package"),
        ({"livemode": True}, PlanOutcome.FINDING, "live mode"),
        ({"amount_total": "1000"}, PlanOutcome.FINDING, "cannot be read"),
        ({"client_reference_id": "other"}, PlanOutcome.FINDING, "different users"),
    ],
)
def test_what_posts_nothing_says_why(world: World, changes: dict[str, Any], outcome: PlanOutcome, reason: str) -> None:
    found = planned(world, world.events.session(1, **changes))
    assert (found.outcome, found.entry, found.facts) == (outcome, None, ())
    assert reason in found.reason
    assert (found.finding is not None) is (outcome is PlanOutcome.FINDING)


def test_planning_writes_nothing(world: World) -> None:
    planned(world, world.events.session(1))
    with pytest.raises(Unreachable):
        planned(world, world.events.charge_refunded())
    with world.ledger.reading() as view:
        assert (view.count(), view.deliveries()) == (0, [])
