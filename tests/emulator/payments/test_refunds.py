"""Refunds as they go: announced, pending, failed later."""

from tests.emulator.world import World


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


def test_a_dispute_takes_the_whole_payment_from_a_refund_that_is_still_pending(emulated: World) -> None:
    """Source: the refund's documented `failure_reason`, charge_for_pending_refund_disputed."""
    intent = emulated.pay("pm_card_pendingRefund")
    refund = emulated.stripe.refunds.create(params={"payment_intent": intent.id})
    dispute = emulated.control("POST", "/disputes", charge=intent.latest_charge)
    assert dispute["amount"] == 1000
    emulated.advance(10)
    refund = emulated.stripe.refunds.retrieve(refund.id)
    assert (refund.status, refund.failure_reason) == ("failed", "charge_for_pending_refund_disputed")
    charge = emulated.stripe.charges.retrieve(intent.latest_charge)
    assert (charge.amount_refunded, charge.refunded, charge.disputed) == (0, False, True)
    assert sorted(each.amount for each in emulated.stripe.balance_transactions.list().data) == [-1000, 1000]


def test_an_inquiry_is_never_over_nothing_and_fails_pending_refunds_once_it_escalates(emulated: World) -> None:
    """An inquiry takes no money, so that a refund stays pending beside it; a chargeback takes it all."""
    intent = emulated.pay("pm_card_pendingRefund")
    inquiry = {"charge": intent.latest_charge, "kind": "inquiry"}
    dispute = emulated.control("POST", "/disputes", **inquiry)
    params = {"evidence": {"uncategorized_text": "escalate_inquiry_evidence"}}
    emulated.stripe.disputes.update(dispute["id"], params=params)
    refund = emulated.stripe.refunds.create(params={"payment_intent": intent.id})
    assert "name the amount" in emulated.control("POST", "/disputes", **inquiry)["error"]["message"]
    assert emulated.stripe.refunds.retrieve(refund.id).status == "pending"
    emulated.advance(2)
    assert emulated.stripe.disputes.retrieve(dispute["id"]).status == "needs_response"
    emulated.advance(10)
    assert emulated.stripe.refunds.retrieve(refund.id).failure_reason == "charge_for_pending_refund_disputed"
    assert sorted(each.amount for each in emulated.stripe.balance_transactions.list().data) == [-1000, 1000]
