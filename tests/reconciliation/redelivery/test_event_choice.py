"""Which events make an application book what it lacks: of the right fact, of the right direction, oldest first."""

from __future__ import annotations

import json
from typing import Any

import pytest

from creditctl.core.entitlement.facts import DisputeFact, Fact, RefundFact
from creditctl.core.entitlement.settlement import EntryKind
from creditctl.ledger.archive.models import EventRecord
from creditctl.reconciliation.redelivery.event_choice import chosen, searches, takes

NOW = 1_800_000_000
REFUND = {"id": "re_1", "object": "refund", "amount": 500, "currency": "usd", "status": "succeeded", "created": NOW}
REFUND |= {"payment_intent": "pi_1", "charge": "ch_1"}
DISPUTE = {"id": "du_1", "object": "dispute", "amount": 500, "currency": "usd", "status": "lost", "created": NOW}
DISPUTE |= {"payment_intent": "pi_1", "charge": "ch_1", "balance_transactions": []}


def event(name: str, type_: str, about: dict[str, Any], previous: dict[str, Any] | None = None) -> EventRecord:
    data = {"object": about} | ({} if previous is None else {"previous_attributes": previous})
    body = json.dumps({"id": name, "type": type_, "created": NOW, "data": data}).encode()
    return EventRecord(name, NOW, type_, about["id"], "pi_1", "ch_1", None, body)


def session(status: str) -> dict[str, Any]:
    return {"id": "cs_1", "object": "checkout.session", "payment_status": status, "payment_intent": "pi_1"}


def names_of(kind: EntryKind, *records: EventRecord, fact: Fact | None = None) -> list[str]:
    return [record.id for record in chosen(kind, records, {"pi_1", "cs_1", "ch_1"}, fact)]


def test_a_session_grants_only_once_it_is_paid() -> None:
    completed, later = "checkout.session.completed", "checkout.session.async_payment_succeeded"
    events = (
        event("evt_3", later, session("paid")),
        event("evt_1", completed, session("unpaid")),
        event("evt_2", completed, session("paid")),
        event("evt_4", "checkout.session.expired", session("unpaid")),
    )

    assert names_of(EntryKind.PURCHASE, *events) == ["evt_2", "evt_3"]
    other = event("evt_9", completed, session("paid"))._replace(payment_key="pi_2", object_id="cs_2", charge_id=None)
    assert names_of(EntryKind.PURCHASE, other) == []


def test_of_two_refunds_of_a_charge_only_the_event_of_the_missing_one_is_chosen() -> None:
    charge = {"id": "ch_1", "object": "charge", "amount_refunded": 800}
    fact = RefundFact.from_stripe(REFUND, NOW)
    events = (
        event("evt_1", "charge.refunded", {**charge, "amount_refunded": 300}, {"amount_refunded": 0}),
        event("evt_2", "charge.refunded", charge, {"amount_refunded": 300}),
        event("evt_3", "refund.created", REFUND),
        event("evt_4", "refund.failed", {**REFUND, "status": "failed"}),
        event("evt_5", "refund.created", {**REFUND, "id": "re_2"}),
    )

    assert names_of(EntryKind.REFUND, *events, fact=fact) == ["evt_2", "evt_3"]
    assert names_of(EntryKind.REFUND_REVERSAL, *events, fact=fact) == ["evt_4"]


@pytest.mark.parametrize(
    ("kind", "wanted"), [(EntryKind.DISPUTE, ["evt_1", "evt_2"]), (EntryKind.DISPUTE_REVERSAL, ["evt_3", "evt_4"])]
)
def test_what_takes_again_is_never_delivered_to_give_back(kind: EntryKind, wanted: list[str]) -> None:
    fact = DisputeFact.from_stripe(DISPUTE, NOW)
    events = (
        event("evt_1", "charge.dispute.created", {**DISPUTE, "status": "needs_response"}),
        event("evt_2", "charge.dispute.closed", {**DISPUTE, "status": "lost"}),
        event("evt_3", "charge.dispute.closed", {**DISPUTE, "status": "won"}),
        event("evt_4", "charge.dispute.funds_reinstated", {**DISPUTE, "status": "won"}),
    )

    assert names_of(kind, *events, fact=fact) == wanted


def test_only_what_the_endpoint_takes_is_looked_for() -> None:
    assert takes(["*"], "charge.refunded")
    assert not takes(["refund.created"], "charge.refunded")
    [near] = searches(EntryKind.PURCHASE, NOW, ["checkout.session.completed", "refund.created"])
    assert near.types == ("checkout.session.completed",)
    assert [each.until is None for each in searches(EntryKind.PURCHASE, NOW, ["*"])] == [False, True]
    assert searches(EntryKind.REFUND, NOW, ["payment_intent.succeeded"]) == []
