"""Refunds: amounts, refusals, what comes later."""

from tests.emulator.world import Refused, World


def test_a_full_refund(emulated: World) -> None:
    intent = emulated.pay()
    before = len(emulated.event_types())
    refund = emulated.stripe.refunds.create(params={"payment_intent": intent.id, "reason": "requested_by_customer"})
    assert (refund.status, refund.amount, refund.charge) == ("succeeded", 1000, intent.latest_charge)
    charge = emulated.stripe.charges.retrieve(intent.latest_charge, params={"expand": ["refunds"]})
    assert (charge.refunded, charge.amount_refunded) == (True, 1000)
    assert [each.id for each in charge.refunds.data] == [refund.id]
    assert emulated.event_types(before) == ["refund.created", "charge.refunded"]
    event = emulated.stripe.events.list(params={"type": "charge.refunded"}).data[0]
    previous = event.data.previous_attributes.to_dict()
    assert (previous["amount_refunded"], previous["refunded"]) == (0, False)
    emulated.advance(3)
    assert emulated.event_types(before)[-2:] == ["refund.updated", "charge.refund.updated"]
    refund = emulated.stripe.refunds.retrieve(refund.id)
    assert refund.destination_details.card.reference_status == "available"
    assert len(refund.destination_details.card.reference) == 16


def test_partial_refunds_add_up(world: World, refused: Refused) -> None:
    intent = world.pay(amount=2500)
    world.stripe.refunds.create(params={"charge": intent.latest_charge, "amount": 500})
    charge = world.stripe.charges.retrieve(intent.latest_charge)
    assert (charge.refunded, charge.amount_refunded) == (False, 500)
    error = refused(lambda: world.stripe.refunds.create(params={"charge": charge.id, "amount": 3000}))
    assert error.user_message == "Refund amount ($30.00) is greater than unrefunded amount on charge ($20.00)"
    assert world.stripe.refunds.create(params={"charge": charge.id}).amount == 2000
    again = refused(lambda: world.stripe.refunds.create(params={"charge": charge.id}))
    assert again.code == "charge_already_refunded"


def test_refusals(world: World, refused: Refused) -> None:
    error = refused(lambda: world.stripe.refunds.create(params={"amount": 5}))
    assert "payment_intent or charge" in error.user_message
    error = refused(lambda: world.stripe.refunds.create(params={"charge": "ch_none"}))
    assert (error.http_status, error.code, error.param) == (404, "resource_missing", "id")
    refund = world.stripe.refunds.create(params={"payment_intent": world.pay().id})
    assert "unsupported" in refused(lambda: world.stripe.refunds.cancel(refund.id)).user_message


def test_a_pending_refund_succeeds_later(emulated: World) -> None:
    intent = emulated.pay("pm_card_pendingRefund")
    refund = emulated.stripe.refunds.create(params={"payment_intent": intent.id})
    assert (refund.status, refund.pending_reason, refund.balance_transaction) == ("pending", "processing", None)
    emulated.advance(10)
    refund = emulated.stripe.refunds.retrieve(refund.id)
    assert refund.status == "succeeded"
    assert refund.balance_transaction is not None
    event = emulated.stripe.events.list(params={"type": "refund.updated"}).data[0]
    assert event.data.previous_attributes["status"] == "pending"


def test_a_refund_that_fails_later(emulated: World) -> None:
    intent = emulated.pay("pm_card_refundFail")
    refund = emulated.stripe.refunds.create(params={"payment_intent": intent.id})
    assert refund.status == "succeeded"
    before = len(emulated.event_types())
    emulated.advance(10)
    refund = emulated.stripe.refunds.retrieve(refund.id, params={"expand": ["failure_balance_transaction"]})
    assert (refund.status, refund.failure_balance_transaction.amount) == ("failed", 1000)
    charge = emulated.stripe.charges.retrieve(intent.latest_charge)
    assert (charge.refunded, charge.amount_refunded) == (False, 0)
    assert set(emulated.event_types(before)) >= {"refund.failed", "charge.refund.updated", "charge.updated"}


def test_metadata_is_announced_twice(emulated: World) -> None:
    refund = emulated.stripe.refunds.create(params={"payment_intent": emulated.pay().id})
    before = len(emulated.event_types())
    emulated.stripe.refunds.update(refund.id, params={"metadata": {"order": "1"}})
    assert emulated.event_types(before) == ["refund.updated", "charge.refund.updated"]


def test_refunds_are_found_by_their_payment(world: World) -> None:
    intent = world.pay()
    made = [world.stripe.refunds.create(params={"payment_intent": intent.id, "amount": 100}).id for _ in range(2)]
    by_intent = world.stripe.refunds.list(params={"payment_intent": intent.id})
    by_charge = world.stripe.refunds.list(params={"charge": intent.latest_charge})
    assert [each.id for each in by_intent.data] == [each.id for each in by_charge.data] == made[::-1]
