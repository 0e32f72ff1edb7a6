"""What a trace reads from Stripe: the events of a payment are found, however busy the account is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from creditctl.core.catalog import Catalog
from creditctl.emulator.storage.object_types import EVENT
from creditctl.emulator_client.checkout_payer import pay
from creditctl.trace.reader import read_trace
from creditctl.trace.sources import TraceSources
from tests.support.events import StripeWithEvents

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams


def purchase(stripe_events: StripeWithEvents) -> str:
    """A paid session; returns its payment intent."""
    client = stripe_events.client
    params: SessionCreateParams = {
        "mode": "payment",
        "success_url": "https://example.com",
        "line_items": [
            {
                "price_data": {"currency": "usd", "unit_amount": 1000, "product_data": {"name": "Starter"}},
                "quantity": 1,
            }
        ],
    }
    session = client.v1.checkout.sessions.create(params=params)
    stripe_events.clock.now += 3 * 3600
    return str(pay(client, session.id, "tok_visa").payment_intent)


def crowd(stripe_events: StripeWithEvents, count: int) -> None:
    """As many events of other payments, half an hour later."""
    page = stripe_events.client.raw_request("get", "/v1/events", type="checkout.session.completed")
    (template,) = json.loads(page.body)["data"]
    store = stripe_events.emulator.services.store
    scope = store.db.execute("SELECT max(scope) FROM scopes").fetchone()[0]
    other = {"object": {**template["data"]["object"], "id": "cs_other", "payment_intent": "pi_other"}}
    store.begin()
    for number in range(count):
        body = {**template, "id": f"evt_other{number}", "created": template["created"] + 1800, "data": other}
        store.add(scope, EVENT, body)
    store.commit()
    stripe_events.clock.now += 3600


def test_the_events_of_a_payment_are_found_among_thousands_of_others(stripe_events: StripeWithEvents) -> None:
    payment = purchase(stripe_events)
    crowd(stripe_events, 2100)
    sources = TraceSources(lambda: stripe_events.client, None, None, stripe_events.clock)

    (found,) = read_trace(sources, payment, Catalog(())).payments

    types = [record.type for record in found.events]
    assert {"checkout.session.completed", "payment_intent.succeeded"} <= set(types)
    assert all(record.payment_key == payment for record in found.events)
    assert any("only the newest were looked at" in sentence for sentence in sources.unseen)
