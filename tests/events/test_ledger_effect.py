"""What counts as posted: the exact entry of an event, never another one of the same payment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from creditctl.core.entitlement.settlement import EntryDraft, EntryKind
from creditctl.events.event_view import record_of
from creditctl.events.ledger_effect import is_posted, ledger_effect_of
from creditctl.ledger.archive.models import EventRecord
from creditctl.ledger.store import Ledger
from tests.support.clock import NOW, Clock
from tests.support.ledger_calls import read


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.db", account="acct_1", livemode=False, clock=clock) as built:
        yield built


def event(type_: str, about: dict[str, Any], name: str = "evt_1") -> EventRecord:
    body = {"id": name, "object": "event", "type": type_, "created": NOW, "livemode": False}
    return record_of(json.dumps({**body, "pending_webhooks": 0, "data": {"object": about}}, indent=2).encode())


def post(ledger: Ledger, kind: EntryKind, object_id: str, credits: int = -400, source: str | None = None) -> None:
    with ledger.transaction() as tx:
        tx.post(
            EntryDraft(
                created=1,
                user_id="ann",
                kind=kind,
                credits=credits,
                amount=credits,
                currency="usd",
                payment_key="pi_1",
                session_id="cs_1",
                object_id=object_id,
                package="starter",
                idempotency_key=f"{kind}:{object_id}",
                source_event=source,
            )
        )


SESSION = {"id": "cs_1", "object": "checkout.session", "payment_intent": "pi_1"}
REFUND = {"id": "re_1", "object": "refund", "payment_intent": "pi_1", "status": "succeeded"}
DISPUTE = {"id": "dp_1", "object": "dispute", "payment_intent": "pi_1", "status": "needs_response"}
CHARGE = {"id": "ch_1", "object": "charge", "payment_intent": "pi_1", "amount_refunded": 400}


def test_a_purchase_is_known_by_its_payment(ledger: Ledger) -> None:
    completed = event("checkout.session.completed", SESSION)
    assert not is_posted(completed, read(ledger))
    post(ledger, EntryKind.PURCHASE, "cs_1", 1000)
    assert is_posted(completed, read(ledger))
    assert not is_posted(event("payment_intent.succeeded", {"id": "pi_1", "object": "payment_intent"}), read(ledger))


def test_a_refund_and_its_failure_are_two_entries(ledger: Ledger) -> None:
    created, failed = event("refund.created", REFUND), event("refund.failed", {**REFUND, "status": "failed"})
    post(ledger, EntryKind.REFUND, "re_1")
    assert is_posted(created, read(ledger))
    assert not is_posted(failed, read(ledger))
    post(ledger, EntryKind.REFUND_REVERSAL, "re_1", 400)
    assert is_posted(failed, read(ledger))


def test_a_charge_is_posted_when_as_much_was_taken_as_was_refunded(ledger: Ledger) -> None:
    refunded = event("charge.refunded", CHARGE)
    assert not is_posted(refunded, read(ledger))
    post(ledger, EntryKind.REFUND, "re_1", -399)
    assert not is_posted(refunded, read(ledger))
    post(ledger, EntryKind.REFUND, "re_2", -1)
    assert is_posted(refunded, read(ledger))


def test_a_dispute_that_gives_back_is_not_the_one_that_took(ledger: Ledger) -> None:
    post(ledger, EntryKind.DISPUTE, "dp_1")
    assert is_posted(event("charge.dispute.funds_withdrawn", DISPUTE), read(ledger))
    assert not is_posted(event("charge.dispute.funds_reinstated", {**DISPUTE, "status": "won"}), read(ledger))
    assert not is_posted(event("charge.dispute.updated", DISPUTE, "evt_2"), read(ledger))
    post(ledger, EntryKind.DISPUTE_REVERSAL, "dp_1", 400, source="evt_2")
    assert is_posted(event("charge.dispute.updated", DISPUTE, "evt_2"), read(ledger))


def test_the_effect_of_a_delivery_is_what_it_wrote(ledger: Ledger) -> None:
    post(ledger, EntryKind.PURCHASE, "cs_1", 1000, source="evt_1")
    before = read(ledger).count()
    post(ledger, EntryKind.REFUND, "re_1", -300, source="evt_2")
    post(ledger, EntryKind.DISPUTE, "dp_1", -100, source="evt_3")

    assert ledger_effect_of(read(ledger), "evt_2", before).credits == -300
    assert ledger_effect_of(read(ledger), "evt_1", before).credits == 0
    assert ledger_effect_of(read(ledger), "evt_2", before).outcome is None
