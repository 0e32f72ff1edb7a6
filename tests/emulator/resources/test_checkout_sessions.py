"""Checkout Sessions from creation to their end."""

from typing import Any

import pytest

from tests.emulator.world import Refused, World


def test_a_new_session(world: World) -> None:
    price = world.price(unit_amount=4500)
    session = world.session(
        line_items=[{"price": price.id, "quantity": 2}],
        client_reference_id="user_42",
        metadata={"package": "basic"},
        cancel_url="https://example.com/cancel",
    )
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert (session.amount_subtotal, session.amount_total, session.currency) == (9000, 9000, "usd")
    assert session.id.startswith("cs_test_a1")
    assert session.expires_at == session.created + 86_400
    assert session.url
    assert "{CHECKOUT_SESSION_ID}" in session.success_url
    assert "line_items" not in session
    assert "card" in session.payment_method_types


def test_a_paid_session(world: World) -> None:
    session = world.buy(
        client_reference_id="user_42",
        metadata={"package": "starter"},
        payment_intent_data={"metadata": {"user": "42"}, "description": "credits"},
    )
    assert (session.status, session.payment_status, session.url) == ("complete", "paid", None)
    assert session.customer_details.email == "buyer@example.com"
    expand = ["payment_intent.latest_charge", "line_items.data.price.product"]
    session = world.stripe.checkout.sessions.retrieve(session.id, params={"expand": expand})
    intent = session.payment_intent
    assert (intent.status, intent.amount_received, intent.metadata.to_dict()) == ("succeeded", 1000, {"user": "42"})
    charge = intent.latest_charge
    assert (charge.paid, charge.captured, charge.status) == (True, True, "succeeded")
    assert (charge.metadata.to_dict(), charge.description) == ({"user": "42"}, "credits")
    assert charge.payment_method_details.card.last4 == "4242"
    assert session.line_items.data[0].price.product.name == "Starter"
    assert charge.id[4:19] == intent.id[4:19]
    found = world.stripe.checkout.sessions.list(params={"payment_intent": intent.id})
    assert [each.id for each in found.data] == [session.id]


def test_events_of_a_purchase(emulated: World) -> None:
    session = emulated.session()
    before = len(emulated.event_types())
    emulated.complete(session, emulated.method())
    assert emulated.event_types(before) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]
    newest = emulated.stripe.events.list(params={"limit": 4}).data
    assert all(event.request.id is None and event.request.idempotency_key is None for event in newest)
    charge = newest[2].data.object
    assert charge["balance_transaction"] is None
    created = newest[3].data.object
    assert created["status"] == "requires_payment_method"
    emulated.advance(2)
    updated = emulated.stripe.events.list(params={"limit": 1}).data[0]
    assert updated.type == "charge.updated"
    assert updated.data.previous_attributes["balance_transaction"] is None
    assert updated.data.object["balance_transaction"].startswith("txn_3")


def test_a_decline_leaves_the_session_open(world: World, refused: Refused) -> None:
    session = world.session()
    error = refused(lambda: world.complete(session, world.method("tok_visa_chargeDeclinedInsufficientFunds")))
    assert (error.http_status, error.code) == (402, "card_declined")
    assert error.error.decline_code == "insufficient_funds"
    session = world.stripe.checkout.sessions.retrieve(session.id)
    assert (session.status, session.payment_status) == ("open", "unpaid")
    world.complete(session, world.method())
    assert world.stripe.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_attempts_share_one_payment_intent(emulated: World, refused: Refused) -> None:
    session = emulated.session()
    before = len(emulated.event_types())
    refused(lambda: emulated.complete(session, emulated.method("tok_chargeDeclined")))
    emulated.complete(session, emulated.method())
    assert emulated.event_types(before) == [
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]
    assert len(emulated.stripe.payment_intents.list().data) == 1
    assert len(emulated.stripe.charges.list().data) == 2


def test_a_session_is_paid_once(world: World, refused: Refused) -> None:
    session = world.session()
    world.complete(session, world.method())
    error = refused(lambda: world.complete(session, world.method()))
    assert error.http_status == 400


def test_the_expected_amount_must_agree(emulated: World, refused: Refused) -> None:
    session = emulated.session()
    error = refused(lambda: emulated.complete(session, emulated.method(), expected_amount=1))
    assert error.http_status == 400
    assert emulated.stripe.payment_intents.list().data == []


@pytest.mark.parametrize(("result", "status", "paid"), [("pass", "complete", "paid"), ("fail", "open", "unpaid")])
def test_authentication(emulated: World, result: str, status: str, paid: str) -> None:
    session = emulated.session()
    page = emulated.complete(session, emulated.method("tok_threeDSecure2Required"))
    assert page["payment_intent"]["status"] == "requires_action"
    assert page["status"] == "open"
    after = emulated.control("POST", f"/sessions/{session.id}/authenticate", result=result)
    assert (after["status"], after["payment_status"]) == (status, paid)
    if result == "fail":
        intent = emulated.stripe.payment_intents.retrieve(after["payment_intent"])
        assert intent.status == "requires_payment_method"
        assert intent.last_payment_error.code == "payment_intent_authentication_failure"
        assert intent.latest_charge is None


def test_expiring_by_hand(world: World, refused: Refused) -> None:
    session = world.session()
    expired = world.stripe.checkout.sessions.expire(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    error = refused(lambda: world.stripe.checkout.sessions.expire(session.id))
    assert 'status in ["open"]' in error.user_message
    refused(lambda: world.complete(session, world.method()))


def test_expiring_by_time(emulated: World) -> None:
    session = emulated.session(expires_at=1_790_000_000 + 1800)
    emulated.advance(1799)
    assert emulated.stripe.checkout.sessions.retrieve(session.id).status == "open"
    emulated.advance(1)
    assert emulated.stripe.checkout.sessions.retrieve(session.id).status == "expired"
    event = emulated.stripe.events.list(params={"type": "checkout.session.expired"}).data[0]
    assert event.created == 1_790_000_000 + 1800
    assert event.request.id is None


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"success_url": "nowhere"}, "success_url"),
        ({"line_items": [{"price": "price_none", "quantity": 1}]}, "line_items[0][price]"),
        ({"client_reference_id": "x" * 201}, "client_reference_id"),
        ({"wat": "1"}, "wat"),
        ({"customer": "cus_none"}, "customer"),
        ({"expires_at": 1}, "expires_at"),
    ],
)
def test_refused_sessions(world: World, refused: Refused, params: dict[str, Any], param: str) -> None:
    error = refused(lambda: world.session(**params))
    assert (error.http_status, error.param) == (400, param)


def test_archived_prices_are_not_sold(world: World, refused: Refused) -> None:
    price = world.price()
    world.stripe.prices.update(price.id, params={"active": False})
    error = refused(lambda: world.session(line_items=[{"price": price.id, "quantity": 1}]))
    assert "inactive" in error.user_message


def test_too_little_for_a_card(world: World, refused: Refused) -> None:
    price = world.price(unit_amount=49)
    error = refused(lambda: world.session(line_items=[{"price": price.id, "quantity": 1}]))
    assert error.code == "amount_too_small"


def test_one_currency_a_session(world: World, refused: Refused) -> None:
    items = [{"price": world.price(currency=name).id, "quantity": 1} for name in ("usd", "eur")]
    assert refused(lambda: world.session(line_items=items)).http_status == 400


def test_price_data_makes_an_archived_price(world: World) -> None:
    data = {"currency": "usd", "unit_amount": 700, "product_data": {"name": "One-off"}}
    session = world.session(line_items=[{"price_data": data, "quantity": 3}])
    assert session.amount_total == 2100
    item = world.stripe.checkout.sessions.line_items.list(session.id).data[0]
    assert (item.description, item.price.active, item.amount_total) == ("One-off", False, 2100)


def test_a_customer_is_made_where_asked_for(world: World) -> None:
    session = world.buy(customer_creation="always")
    customer = world.stripe.customers.retrieve(session.customer)
    assert customer.email == "buyer@example.com"
    assert world.buy().customer is None


def test_controls_pay_and_decline(emulated: World) -> None:
    session = emulated.session()
    declined = emulated.control("POST", f"/sessions/{session.id}/decline", card="4000000000009995")
    assert declined["session"]["status"] == "open"
    assert declined["error"]["decline_code"] == "insufficient_funds"
    status, body = emulated.control_status("POST", f"/sessions/{session.id}/pay", card="4242424242424241")
    assert (status, body["error"]["code"]) == (402, "incorrect_number")
    paid = emulated.control("POST", f"/sessions/{session.id}/pay", card="4242 4242 4242 4242", email="b@example.com")
    assert (paid["payment_status"], paid["customer_details"]["email"]) == ("paid", "b@example.com")


@pytest.mark.parametrize(
    ("iban", "paid", "event"),
    [
        ("AT611904300234573201", "paid", "checkout.session.async_payment_succeeded"),
        ("AT861904300235473202", "unpaid", "checkout.session.async_payment_failed"),
    ],
)
def test_delayed_methods(emulated: World, iban: str, paid: str, event: str) -> None:
    price = emulated.price(currency="eur")
    session = emulated.session(line_items=[{"price": price.id, "quantity": 1}])
    method = emulated.stripe.payment_methods.create(params={"type": "sepa_debit", "sepa_debit": {"iban": iban}})
    emulated.complete(session, method)
    session = emulated.stripe.checkout.sessions.retrieve(session.id, params={"expand": ["payment_intent"]})
    assert (session.status, session.payment_status) == ("complete", "unpaid")
    assert session.payment_intent.status == "processing"
    emulated.advance(3)
    session = emulated.stripe.checkout.sessions.retrieve(session.id)
    assert (session.status, session.payment_status) == ("complete", paid)
    assert event in emulated.event_types()


def test_delayed_methods_need_their_currency(emulated: World, refused: Refused) -> None:
    session = emulated.session()
    method = emulated.stripe.payment_methods.create(
        params={"type": "sepa_debit", "sepa_debit": {"iban": "AT611904300234573201"}}
    )
    assert refused(lambda: emulated.complete(session, method)).http_status == 400
