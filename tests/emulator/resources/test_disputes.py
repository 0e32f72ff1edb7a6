"""Disputes and inquiries: money out, evidence, money back."""

from typing import Any

import pytest

from tests.emulator.world import Refused, World


def opened(world: World, token: str) -> Any:
    intent = world.pay(token)
    return world.stripe.disputes.list(params={"payment_intent": intent.id}).data[0]


def test_a_chargeback_takes_the_money_at_once(emulated: World) -> None:
    dispute = opened(emulated, "pm_card_createDispute")
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", "fraudulent", 1000)
    assert dispute.is_charge_refundable is False
    withdrawal = dispute.balance_transactions[0]
    assert (withdrawal.amount, withdrawal.fee, withdrawal.net) == (-1000, 1500, -2500)
    types = emulated.event_types()
    assert types[-2:] == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    assert emulated.stripe.charges.retrieve(dispute.charge).disputed is True
    assert emulated.stripe.events.list().data[0].request.id is None


def test_no_refund_of_a_chargeback(world: World, refused: Refused) -> None:
    dispute = opened(world, "pm_card_createDispute")
    error = refused(lambda: world.stripe.refunds.create(params={"charge": dispute.charge}))
    assert error.code == "charge_disputed"


def test_an_inquiry_takes_nothing(emulated: World) -> None:
    dispute = opened(emulated, "pm_card_createDisputeInquiry")
    assert (dispute.status, dispute.is_charge_refundable) == ("warning_needs_response", True)
    assert dispute.balance_transactions == []
    assert emulated.event_types()[-1] == "charge.dispute.created"
    emulated.advance(120 * 86_400)
    assert emulated.stripe.disputes.retrieve(dispute.id).status == "warning_closed"


@pytest.mark.parametrize(
    ("evidence", "status", "movements"), [("winning_evidence", "won", 2), ("losing_evidence", "lost", 1)]
)
def test_evidence_decides(emulated: World, evidence: str, status: str, movements: int) -> None:
    dispute = opened(emulated, "pm_card_createDispute")
    submitted = emulated.stripe.disputes.update(dispute.id, params={"evidence": {"uncategorized_text": evidence}})
    assert submitted.status == "under_review"
    assert submitted.evidence_details.submission_count == 1
    emulated.advance(2)
    dispute = emulated.stripe.disputes.retrieve(dispute.id)
    assert (dispute.status, len(dispute.balance_transactions)) == (status, movements)
    assert dispute.is_charge_refundable is (status == "won")
    types = emulated.event_types()
    assert types[-1] == "charge.dispute.closed"
    assert ("charge.dispute.funds_reinstated" in types) is (status == "won")


def test_staged_evidence_is_not_submitted(world: World) -> None:
    dispute = opened(world, "pm_card_createDispute")
    params = {"evidence": {"product_description": "credits"}, "submit": False}
    staged = world.stripe.disputes.update(dispute.id, params=params)
    assert (staged.status, staged.evidence_details.has_evidence) == ("needs_response", True)
    assert staged.evidence_details.submission_count == 0


def test_an_inquiry_escalates(emulated: World) -> None:
    dispute = opened(emulated, "pm_card_createDisputeInquiry")
    params = {"evidence": {"uncategorized_text": "escalate_inquiry_evidence"}}
    assert emulated.stripe.disputes.update(dispute.id, params=params).status == "warning_under_review"
    emulated.advance(2)
    dispute = emulated.stripe.disputes.retrieve(dispute.id)
    assert (dispute.status, len(dispute.balance_transactions)) == ("needs_response", 1)


def test_accepting_the_loss(world: World, refused: Refused) -> None:
    dispute = opened(world, "pm_card_createDisputeProductNotReceived")
    assert dispute.reason == "product_not_received"
    assert world.stripe.disputes.close(dispute.id).status == "lost"
    assert refused(lambda: world.stripe.disputes.close(dispute.id)).http_status == 400


def test_nobody_answers(emulated: World) -> None:
    dispute = opened(emulated, "pm_card_createDispute")
    emulated.advance(dispute.evidence_details.due_by - dispute.created)
    dispute = emulated.stripe.disputes.retrieve(dispute.id)
    assert (dispute.status, dispute.evidence_details.past_due) == ("lost", True)


def test_a_dispute_on_any_charge(emulated: World) -> None:
    intent = emulated.pay()
    dispute = emulated.control("POST", "/disputes", payment_intent=intent.id, kind="inquiry")
    assert dispute["charge"] == intent.latest_charge
    won = emulated.control("POST", f"/disputes/{dispute['id']}/settle", status="warning_closed")
    assert won["status"] == "warning_closed"


def test_an_early_fraud_warning(emulated: World) -> None:
    emulated.pay("pm_card_createIssuerFraudRecord")
    assert "radar.early_fraud_warning.created" in emulated.event_types()
