"""A payment is traced by whatever a person has at hand: an invoice, a customer, a movement, an order number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from creditctl.core.errors import CreditctlError
from creditctl.emulator_client.checkout_payer import pay
from creditctl.trace.sources import TraceSources
from creditctl.trace.subject import SubjectFinder

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.events import StripeWithEvents
    from tests.support.ledgers import MakePurchase, OpenLedger


@pytest.fixture
def finder(stripe_events: StripeWithEvents) -> SubjectFinder:
    return SubjectFinder(TraceSources(lambda: stripe_events.client, None, None, stripe_events.clock))


def sold(stripe_events: StripeWithEvents, **changes: Any) -> str:
    """A paid session; its payment intent."""
    price = {"currency": "usd", "unit_amount": 1000, "product_data": {"name": "Starter"}}
    params: Any = {
        "mode": "payment",
        "success_url": "https://example.com",
        "line_items": [{"price_data": price, "quantity": 1}],
        **changes,
    }
    session = stripe_events.client.v1.checkout.sessions.create(params)
    return str(pay(stripe_events.client, session.id, "tok_visa").payment_intent)


def topped_up(stripe_events: StripeWithEvents, **changes: Any) -> str:
    """A saved card is charged, without a session."""
    card = {"payment_method": "pm_card_visa", "confirm": True, "off_session": True}
    params: Any = {"amount": 1000, "currency": "usd", **card, **changes}
    return str(stripe_events.client.v1.payment_intents.create(params).id)


def test_an_invoice_a_customer_and_a_movement_lead_to_their_payments(
    stripe_events: StripeWithEvents, finder: SubjectFinder
) -> None:
    v1 = stripe_events.client.v1
    customer = v1.customers.create({"email": "a@example.com"}).id
    first = sold(stripe_events, customer=customer, invoice_creation={"enabled": True})
    stripe_events.clock.now += 60
    second = topped_up(stripe_events, customer=customer)
    invoice = v1.invoices.list().data[0].id
    movement = v1.balance_transactions.list().data[0].id

    assert finder.payments_of(str(invoice)) == [first]
    assert finder.payments_of(customer) == [second, first]
    assert finder.payments_of(movement) == [first]


def test_an_order_number_on_stripes_objects_leads_to_its_payment(
    stripe_events: StripeWithEvents, finder: SubjectFinder
) -> None:
    by_reference = sold(stripe_events, client_reference_id="ORD-1")
    by_metadata = sold(stripe_events, metadata={"order": "ORD-2"})
    without_session = topped_up(stripe_events, metadata={"order": "ORD 3/b"})

    found = [finder.payments_of(number) for number in ("ORD-1", "ORD-2", "ORD 3/b")]

    assert found == [[by_reference], [by_metadata], [without_session]]


def test_payments_without_a_session_are_among_a_users(stripe_events: StripeWithEvents, finder: SubjectFinder) -> None:
    payment = topped_up(stripe_events, metadata={"user_id": "ann"})

    assert finder.payments_of("user:ann") == [payment]


def test_an_order_number_of_the_ledgers_leads_to_its_entry(
    stripe_events: StripeWithEvents, open_ledger: OpenLedger, purchase: MakePurchase, path: Path
) -> None:
    ledger = open_ledger(path=path)
    with ledger.transaction() as tx:
        tx.post(purchase(1, payment_key="ORD-7", session_id=None))
    sources = TraceSources(lambda: stripe_events.client, None, ledger, stripe_events.clock)

    assert SubjectFinder(sources).payments_of("ORD-7") == ["ORD-7"]


@pytest.mark.parametrize(
    "subject", ["in_nobody", "cus_nobody", "txn_nobody", "ORD-99", "price_1", "sk_test_123456789012"]
)
def test_what_leads_to_no_payment_is_said(finder: SubjectFinder, subject: str) -> None:
    with pytest.raises(CreditctlError) as caught:
        finder.payments_of(subject)

    assert caught.value.code in ("trace.unknown", "trace.subject", "id.no_id")
