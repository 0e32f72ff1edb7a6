"""How Checkout Sessions end: paid, declined and still open, authenticated, settled later by a bank."""

import pytest

from tests.emulator.world import Inside, Refused, World


def test_the_payment_of_a_session(ask: Inside) -> None:
    one = ask.price("one", "unit_amount=1000")
    opened = ask.session(one, 1)[1]
    assert opened["payment_method_configuration_details"]["id"].startswith("pmc_1")
    ask("POST", f"/v1/payment_pages/{opened['id']}/confirm", "payment_method=pm_card_chargeDeclined")
    intent = ask("GET", f"/v1/checkout/sessions/{opened['id']}")[1]["payment_intent"]
    assert ask("POST", f"/v1/payment_intents/{intent}/cancel")[0] == 400
    held = ask.session(one, 1, "&payment_intent_data[capture_method]=manual")[1]["id"]
    ask("POST", f"/v1/payment_pages/{held}/confirm", "payment_method=pm_card_visa")
    intent = ask("GET", f"/v1/checkout/sessions/{held}")[1]["payment_intent"]
    assert ask("POST", f"/v1/payment_intents/{intent}/cancel")[1]["status"] == "canceled"


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


def test_a_customer_is_made_where_asked_for(world: World) -> None:
    session = world.buy(customer_creation="always")
    customer = world.stripe.customers.retrieve(session.customer)
    assert customer.email == "buyer@example.com"
    assert world.buy().customer is None


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
