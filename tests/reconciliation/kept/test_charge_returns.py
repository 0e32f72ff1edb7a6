"""A refund or dispute that names its charge only is one of the payment of that charge, in every reading alike."""

from __future__ import annotations

import pytest

from creditctl.reconciliation.report import ReconcileReport
from tests.reconciliation.kept.test_kept_part import both, charge, codes, night, spoil
from tests.reconciliation.test_probed_match import World, kept

__all__ = ["kept"]


def refunded_by_charge(world: World, key: str, age: int = 5) -> str:
    """A refund that says nothing of its payment intent, and that its charge counts."""
    charge(world, key)["amount_refunded"] = 450
    refund = world.shop.refund(key, 450, age=age)
    world.shop.shelf.objects["refunds"][refund]["payment_intent"] = None
    return refund


def told(world: World, charge_id: str, key: str | None) -> None:
    """Stripe answers for a charge."""
    world.shop.shelf.put("charges", {"id": charge_id, "object": "charge", "created": 1, "payment_intent": key})


def repaired(world: World, report: ReconcileReport) -> ReconcileReport:
    world.shop.repair(report)
    world.shop.later(200_000)
    return both(world)


@pytest.mark.parametrize("readable", [True, False], ids=["the charge may be read", "it may not"])
def test_a_night_takes_back_what_everything_read_takes_back(kept: World, readable: bool) -> None:
    """The payment is long out of what a night reads of Stripe; the refund fails in the end."""
    key = kept.keys[0]
    told(kept, f"ch_{key}", key) if readable else None
    kept.shop.later(200_000)
    assert night(kept).clean
    refund = refunded_by_charge(kept, key)
    kept.shop.later(5000)
    assert codes(both(kept)) == [("refund_not_taken", refund)]
    report = night(kept)
    assert repaired(kept, report).clean
    kept.shop.shelf.objects["refunds"][refund]["status"] = "failed"
    charge(kept, key)["amount_refunded"] = 0
    assert codes(both(kept)) == [("refund_failed_not_returned", refund)]


def test_a_bare_charge_is_asked_for_once(kept: World) -> None:
    """Somebody else's sale without a payment intent, refunded: a night reads no more for it than for any other."""
    spoil(kept)
    told(kept, "ch_bare", None)
    refund = kept.shop.refund("pi_none", 700, age=5)
    kept.shop.shelf.objects["refunds"][refund] |= {"payment_intent": None, "charge": "ch_bare"}
    assert night(kept).clean
    kept.shop.http.requests.clear()
    assert night(kept).clean
    assert not [each.path for each in kept.shop.http.requests if "charges" in each.path]


def test_a_window_asks_whose_charge_was_refunded(kept: World) -> None:
    kept.shop.later(400_000)
    told(kept, f"ch_{kept.keys[0]}", kept.keys[0])
    told(kept, "ch_bare", None)
    refund, bare = refunded_by_charge(kept, kept.keys[0]), kept.shop.refund("pi_none", 700, age=5)
    kept.shop.shelf.objects["refunds"][bare] |= {"payment_intent": None, "charge": "ch_bare"}
    kept.shop.later(5000)
    assert kept.shop.found(since=kept.shop.now - 10_000) == [("refund_not_taken", refund)]
