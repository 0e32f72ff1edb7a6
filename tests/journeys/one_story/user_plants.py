"""What is planted of payments whose entries speak of more users than their buyer: Ann bought, whatever they say."""

from __future__ import annotations

from typing import Any

from creditctl.core.entitlement.settlement import EntryKind
from tests.journeys.one_story.plants import credited, dispute_lost_on_the_way, refund_lost
from tests.journeys.one_story.world import World


def held_dispute_given_back_to_another(world: World) -> str:
    """An application follows a dispute, and gives its credits back to somebody else while the funds are still held."""
    key = dispute_lost_on_the_way(world)
    (dispute,) = world.api.disputes.list(params={"payment_intent": key}).data
    _book(world, key, -1000, kind=EntryKind.DISPUTE, amount=-1000, object_id=str(dispute.id))
    _book(world, key, 1000, "ben", kind=EntryKind.DISPUTE_REVERSAL, amount=1000, object_id=str(dispute.id))
    return key


def refund_taken_from_two_others(world: World) -> str:
    key = refund_lost(world)
    (refund,) = world.api.refunds.list(params={"payment_intent": key}).data
    for user in ("ben", "cay"):
        _book(world, key, -400, user, kind=EntryKind.REFUND, amount=-400, object_id=str(refund.id))
    return key


def moved_to_another_by_adjustments(world: World) -> str:
    key = credited(world)
    _book(world, key, -1000)
    _book(world, key, 1000, "ben")
    return key


def given_back_for_nothing(world: World) -> str:
    key = credited(world)
    _book(world, key, 400, kind=EntryKind.REFUND_REVERSAL, amount=400)
    return key


def _book(world: World, key: str, credits: int, user: str = "ann", **changes: Any) -> None:
    """An entry as an import brings it: an adjustment, unless the changes say something else."""
    world.give(key, credits, user, **{"kind": EntryKind.ADJUSTMENT, "amount": 0, "currency": None, **changes})
