"""Disputes and inquiries as they go: money out, evidence, money back."""

from typing import Any

import pytest

from tests.emulator.world import Inside, World


def opened(world: World, token: str) -> Any:
    intent = world.pay(token)
    return world.stripe.disputes.list(params={"payment_intent": intent.id}).data[0]


PAY = "amount=1000&currency=usd&confirm=true&return_url=https://a.example"


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


def test_an_inquiry_escalates(emulated: World) -> None:
    dispute = opened(emulated, "pm_card_createDisputeInquiry")
    params = {"evidence": {"uncategorized_text": "escalate_inquiry_evidence"}}
    assert emulated.stripe.disputes.update(dispute.id, params=params).status == "warning_under_review"
    emulated.advance(2)
    dispute = emulated.stripe.disputes.retrieve(dispute.id)
    assert (dispute.status, len(dispute.balance_transactions)) == ("needs_response", 1)


def test_nobody_answers(emulated: World) -> None:
    dispute = opened(emulated, "pm_card_createDispute")
    emulated.advance(dispute.evidence_details.due_by - dispute.created)
    dispute = emulated.stripe.disputes.retrieve(dispute.id)
    assert (dispute.status, dispute.evidence_details.past_due) == ("lost", True)


def test_the_dispute_of_a_charge_knows_the_buyer(ask: Inside) -> None:
    customer = ask("POST", "/v1/customers", "email=b@example.com&description=Buyer")[1]["id"]
    method = ask("POST", "/v1/payment_methods", "type=card&card[token]=tok_createDispute")[1]["id"]
    ask("POST", f"/v1/payment_methods/{method}/attach", f"customer={customer}")
    form = f"{PAY}&customer={customer}&payment_method={method}&description=1000+credits"
    charge = ask("POST", "/v1/payment_intents", form)[1]["latest_charge"]
    dispute = ask("GET", f"/v1/charges/{charge}/dispute")[1]
    assert (dispute["charge"], dispute["status"]) == (charge, "needs_response")
    evidence = dispute["evidence"]
    known = ("customer_email_address", "customer_name", "product_description")
    assert [evidence[name] for name in known] == ["b@example.com", "Buyer", "1000 credits"]
    assert dispute["evidence_details"]["has_evidence"] is False
    created = ask("GET", "/v1/events", "type=charge.dispute.created")[1]["data"][0]["data"]["object"]
    assert created["evidence"]["customer_name"] is None
    clean = ask("POST", "/v1/payment_intents", f"{PAY}&payment_method=pm_card_visa")[1]["latest_charge"]
    assert ask("GET", f"/v1/charges/{clean}/dispute")[0] == 404
