"""A webhook that comes when an application has booked the payment itself: late, twice, at once; no second credit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from creditctl.core.entitlement.settlement import EntryDraft, EntryKind
from tests.fulfilment.conftest import World
from tests.support.clock import NOW
from tests.support.ledger_calls import read, write

CHARGES = [{"object": "charge", "id": "ch_0", "status": "failed"}, {"object": "charge", "id": "ch_1"}]


def book(world: World, key: str, credits: int = 1000, kind: EntryKind = EntryKind.PURCHASE) -> None:
    """An entry as an import of the application's own rows brings it."""
    draft: dict[str, Any] = {"session_id": None, "object_id": None, "package": None, "currency": "usd"}
    draft |= {"created": NOW, "user_id": "user1", "kind": kind, "credits": credits, "amount": 0, "payment_key": key}
    write(world.ledger).post(EntryDraft(**draft, idempotency_key=f"import:app:{key}"))


@pytest.mark.parametrize(("key", "kind"), [("pi_1", EntryKind.ADJUSTMENT), ("ch_1", EntryKind.PURCHASE)])
def test_what_was_booked_is_known_however_often_the_event_comes(world: World, key: str, kind: EntryKind) -> None:
    world.reads.charges_of["pi_1"] = CHARGES
    book(world, key, kind=kind)
    event = world.events.session(1)
    assert world.outcomes(event, event, world.events.session(1, "async_payment_succeeded")) == ["exists"] * 3
    assert world.balances() == {"user1": 1000}
    assert read(world.ledger).findings() == []
    assert {row.entry_id for row in read(world.ledger).deliveries()} == {1}


@pytest.mark.parametrize(("key", "kind"), [("pi_1", EntryKind.ADJUSTMENT), ("ch_1", EntryKind.PURCHASE)])
def test_what_was_booked_otherwise_is_one_finding(world: World, key: str, kind: EntryKind) -> None:
    world.reads.charges_of["pi_1"] = CHARGES
    book(world, key, 900, kind)
    event = world.events.session(1)
    assert world.outcomes(event, event) == ["conflict", "conflict"]
    assert world.balances() == {"user1": 900}
    (stored,) = read(world.ledger).findings()
    assert (stored.finding.code, stored.finding.subject) == ("fulfilment.conflict", "pi_1")


def test_many_deliveries_at_once_add_nothing_to_what_was_booked(world: World) -> None:
    world.reads.charges_of["pi_1"] = CHARGES
    book(world, "ch_1")
    event = world.events.session(1)
    with ThreadPoolExecutor(8) as pool:
        outcomes = set(pool.map(lambda _: world.deliver(event).outcome, range(24)))
    assert (outcomes, world.balances()) == ({"exists"}, {"user1": 1000})


def test_a_charge_that_is_another_payments_holds_nothing_back(world: World) -> None:
    world.reads.charges_of["pi_1"] = [{"object": "charge", "id": "ch_9"}]
    book(world, "ch_1")
    assert world.outcomes(world.events.session(1)) == ["posted"]
    assert world.balances() == {"user1": 2000}


def test_where_the_charges_cannot_be_read_stripe_has_to_come_again(world: World) -> None:
    book(world, "ch_1")
    event = world.events.session(1)
    assert (world.deliver(event).status, world.balances()) == (503, {"user1": 1000})
    world.reads.charges_of["pi_1"] = CHARGES
    assert world.outcomes(event) == ["exists"]


def test_a_free_session_has_no_charge_to_ask_for(world: World) -> None:
    book(world, "ch_1")
    event = world.events.session(1, payment_intent=None, payment_status="no_payment_required", amount_total=0)
    assert world.outcomes(event, event) == ["posted", "exists"]


def booked_back(world: World, taken: EntryKind, back: EntryKind, name: str) -> None:
    """Rows of an application that took credits for a refund or dispute, and gave them back."""
    draft: dict[str, Any] = {"session_id": None, "package": None, "currency": "usd", "payment_key": "pi_1"}
    draft |= {"created": NOW, "user_id": "user1"}
    rows = ((EntryKind.PURCHASE, 1000, None), (taken, -1000, name), (back, 1000, name))
    for n, (kind, credits, about) in enumerate(rows):
        said: dict[str, Any] = {"kind": kind, "credits": credits, "amount": credits, "object_id": about}
        write(world.ledger).post(EntryDraft(**draft, **said, idempotency_key=f"import:app:{n}"))


def test_history_replayed_into_an_import_takes_nothing_that_its_rows_gave_back(world: World) -> None:
    """A refund that failed, and a dispute that was won: neither event adds an entry, in whatever order they come."""
    booked_back(world, EntryKind.REFUND, EntryKind.REFUND_REVERSAL, "re_1")
    events = world.events
    made, failed = events.refund("created", "re_1", 1000), events.refund("failed", "re_1", 1000, "failed")
    assert world.outcomes(events.session(1), made, failed, made) == ["exists"] * 4
    assert read(world.ledger).count() == 3


def test_a_dispute_that_the_rows_gave_back_is_replayed_to_nothing_and_followed_from_then_on(world: World) -> None:
    booked_back(world, EntryKind.DISPUTE, EntryKind.DISPUTE_REVERSAL, "dp_1")
    events = world.events
    told = [
        events.dispute("created", "needs_response", -1000),
        events.dispute("funds_withdrawn", "needs_response", -1000),
        events.dispute("closed", "won", -1000, 1000),
    ]
    assert world.outcomes(*told, *told) == ["exists"] * 6
    assert read(world.ledger).count() == 3
    events.created = NOW + 60
    assert world.outcomes(events.dispute("funds_withdrawn", "lost", -1000, 1000, -1000)) == ["posted"]
    assert world.balances() == {"user1": 0}
