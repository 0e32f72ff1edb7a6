"""Payment intents endpoints: states, confirmation, saved methods."""

import pytest

from tests.emulator.world import Inside, Refused, World


@pytest.mark.parametrize("more", ["", "&payment_details[order_reference]=A1&customer="])
def test_keys_go_out_in_the_order_of_the_wire(ask: Inside, more: str) -> None:
    paid = "confirm=true&payment_method=pm_card_visa&return_url=https://a.example"
    customer = ask("POST", "/v1/customers", "name=Ann")[1]["id"] if more else ""
    status, intent, _ = ask("POST", "/v1/payment_intents", f"amount=1500&currency=usd&{paid}{more}{customer}")
    _, charge, _ = ask("GET", f"/v1/charges/{intent['latest_charge']}")

    assert (status, intent["customer"], charge["customer"]) == (200, customer or None, customer or None)
    assert ("payment_details" in intent) == bool(more)
    for body in (intent, charge):
        assert list(body) == ["id", "object", *sorted(body.keys() - {"id", "object"})]


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
