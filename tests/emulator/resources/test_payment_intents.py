"""Payment intents: states, refusals, manual capture."""

import pytest

from tests.emulator.world import Refused, World


def test_step_by_step(world: World) -> None:
    quiet = {"enabled": True, "allow_redirects": "never"}
    intent = world.stripe.payment_intents.create(
        params={"amount": 1500, "currency": "usd", "automatic_payment_methods": quiet}
    )
    assert intent.status == "requires_payment_method"
    assert intent.client_secret.startswith(intent.id + "_secret_")
    intent = world.stripe.payment_intents.update(intent.id, params={"payment_method": "pm_card_visa"})
    assert intent.status == "requires_confirmation"
    intent = world.stripe.payment_intents.confirm(intent.id)
    assert (intent.status, intent.amount_received) == ("succeeded", 1500)


def test_without_a_return_url(world: World, refused: Refused) -> None:
    params = {"amount": 1500, "currency": "usd", "confirm": True, "payment_method": "pm_card_visa"}
    error = refused(lambda: world.stripe.payment_intents.create(params=params))
    assert "you must provide a `return_url`" in error.user_message


def test_confirming_twice(world: World, refused: Refused) -> None:
    intent = world.pay()
    error = refused(lambda: world.stripe.payment_intents.confirm(intent.id))
    assert error.code == "payment_intent_unexpected_state"
    assert error.error.payment_intent.id == intent.id


def test_confirming_without_a_method(world: World, refused: Refused) -> None:
    intent = world.stripe.payment_intents.create(params={"amount": 1500, "currency": "usd"})
    error = refused(
        lambda: world.stripe.payment_intents.confirm(intent.id, params={"return_url": "https://example.com"})
    )
    assert "missing a payment method" in error.user_message


@pytest.mark.parametrize(("amount", "code"), [(49, "amount_too_small"), (100_000_000, "amount_too_large")])
def test_amounts_have_bounds(world: World, refused: Refused, amount: int, code: str) -> None:
    assert refused(lambda: world.pay(amount=amount)).code == code


def test_canceling(world: World, refused: Refused) -> None:
    intent = world.stripe.payment_intents.create(params={"amount": 1500, "currency": "usd"})
    canceled = world.stripe.payment_intents.cancel(intent.id, params={"cancellation_reason": "abandoned"})
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    paid = world.pay()
    assert refused(lambda: world.stripe.payment_intents.cancel(paid.id)).code == "payment_intent_unexpected_state"


def test_capturing_part(world: World, refused: Refused) -> None:
    intent = world.pay(capture_method="manual")
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("requires_capture", 1000, 0)
    error = refused(lambda: world.stripe.refunds.create(params={"payment_intent": intent.id}))
    assert error.http_status == 400
    too_much = refused(lambda: world.stripe.payment_intents.capture(intent.id, params={"amount_to_capture": 1001}))
    assert too_much.code == "amount_too_large"
    intent = world.stripe.payment_intents.capture(intent.id, params={"amount_to_capture": 600})
    assert (intent.status, intent.amount_received) == ("succeeded", 600)
    charge = world.stripe.charges.retrieve(intent.latest_charge, params={"expand": ["balance_transaction"]})
    assert (charge.amount_captured, charge.balance_transaction.amount) == (600, 600)
    refund = world.stripe.refunds.create(params={"payment_intent": intent.id})
    assert refund.amount == 600


def test_an_authorisation_lapses(emulated: World) -> None:
    intent = emulated.pay(capture_method="manual")
    emulated.advance(7 * 86_400)
    intent = emulated.stripe.payment_intents.retrieve(intent.id)
    assert (intent.status, intent.cancellation_reason) == ("canceled", "automatic")
    assert "charge.expired" in emulated.event_types()


def test_an_unsaved_method_pays_once(world: World, refused: Refused) -> None:
    method = world.method().id
    world.pay(method)
    assert "previously used" in refused(lambda: world.pay(method)).user_message


def test_a_saved_method_pays_again_with_its_customer(world: World, refused: Refused) -> None:
    customer = world.stripe.customers.create().id
    method = world.stripe.payment_methods.attach("pm_card_visa", params={"customer": customer}).id
    for _ in range(2):
        assert world.pay(method, customer=customer).status == "succeeded"
    assert "belongs to the Customer" in refused(lambda: world.pay(method)).user_message
    listed = world.stripe.payment_methods.list(params={"customer": customer})
    assert [each.id for each in listed.data] == [method]


def test_the_session_owns_its_intent(world: World, refused: Refused) -> None:
    session = world.session()
    refused(lambda: world.complete(session, world.method("tok_chargeDeclined")))
    intent = world.stripe.checkout.sessions.retrieve(session.id).payment_intent
    if intent is not None:
        assert refused(lambda: world.stripe.payment_intents.cancel(intent)).http_status == 400
