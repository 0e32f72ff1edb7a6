"""What is planted in events: of the other mode or account, unreadable, or about a refund of another payment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from creditctl.core.keys import Secret
from creditctl.stripe_api.delivery import sign
from tests.journeys.one_story.plants import credited, refunded
from tests.journeys.one_story.world import World


def event_of_live_mode(world: World) -> str:
    key = credited(world)
    deliver_again(world, "checkout.session.completed", livemode=True)
    return key


def event_of_another_account(world: World) -> str:
    key = credited(world)
    deliver_again(world, "checkout.session.completed", account="acct_other")
    return key


def event_that_cannot_be_read(world: World) -> str:
    key = credited(world)
    deliver_again(world, "checkout.session.completed", about={"amount_total": "ten"})
    return key


def refund_under_the_id_of_another(world: World) -> str:
    """Stripe gives no id twice; somebody who mixes accounts up does."""
    other = refunded(world)
    key = world.buy(client_reference_id="ben", metadata=None)
    world.deliver()
    assert key != other
    deliver_again(world, "refund.created", about={"payment_intent": key})
    return other


def deliver_again(world: World, type_: str, *, about: Mapping[str, Any] | None = None, **changes: Any) -> None:
    """Delivers the newest event of a type once more, signed, under an id of its own and with changes."""
    event = world.api.events.list({"type": type_, "limit": 1}).data[0].to_dict()
    shown = {**event, "id": "evt_changed", **changes, "data": {"object": {**event["data"]["object"], **(about or {})}}}
    body = json.dumps(shown).encode()
    assert world.webhook.receive(body, sign(body, Secret(world.secret), world.clock.now)).status == 200
