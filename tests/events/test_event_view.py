"""An event is kept without white space, sent as Stripe sends it, and found by what it is about."""

from __future__ import annotations

import json
from typing import Any

import pytest

from creditctl.events.event_view import EventView, record_of, wire_body
from creditctl.ledger.archive.models import EventRecord
from tests.support.clock import NOW


def event(type_: str, about: dict[str, Any], name: str = "evt_1") -> EventRecord:
    body = {"id": name, "object": "event", "type": type_, "created": NOW, "livemode": False}
    return record_of(json.dumps({**body, "pending_webhooks": 0, "data": {"object": about}}, indent=2).encode())


SESSION = {"id": "cs_1", "object": "checkout.session", "payment_intent": "pi_1"}
REFUND = {"id": "re_1", "object": "refund", "payment_intent": "pi_1", "status": "succeeded"}
CHARGE = {"id": "ch_1", "object": "charge", "payment_intent": "pi_1", "amount_refunded": 400}


def test_an_event_is_kept_without_white_space_and_sent_with_stripes() -> None:
    record = event("refund.created", {**REFUND, "amount": 400, "currency": "usd", "note": 1.50})

    assert b"\n" not in record.body
    assert wire_body(record.body).startswith(b'{\n  "id": "evt_1",\n')
    assert json.loads(wire_body(record.body)) == json.loads(record.body)
    assert b'"note":1.5' in record.body
    assert EventView(record).about == "refund re_1, $4.00, succeeded, of pi_1"


@pytest.mark.parametrize(
    ("about", "keys"),
    [
        (SESSION, ("cs_1", "pi_1", None, None)),
        ({"id": "cs_2", "object": "checkout.session", "payment_intent": None}, ("cs_2", "cs_2", None, None)),
        (
            {"id": "pi_1", "object": "payment_intent", "latest_charge": {"id": "ch_1"}, "metadata": {"user_id": "ann"}},
            ("pi_1", "pi_1", "ch_1", "ann"),
        ),
        (CHARGE, ("ch_1", "pi_1", "ch_1", None)),
        ({**REFUND, "charge": "ch_1"}, ("re_1", "pi_1", "ch_1", None)),
        ({**SESSION, "client_reference_id": "bob", "metadata": {"user_id": "ann"}}, ("cs_1", "pi_1", None, "bob")),
        ({"object": "balance", "metadata": None, "amount": {"odd": 1}}, (None, None, None, None)),
    ],
)
def test_an_event_is_found_by_what_it_is_about(about: dict[str, Any], keys: tuple[str | None, ...]) -> None:
    record = event("some.type", about)
    assert (record.object_id, record.payment_key, record.charge_id, record.user_id) == keys
    assert EventView(record).about
