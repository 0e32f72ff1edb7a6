"""Setup intents: a card is saved without a payment, and pays later while nobody is there."""

import pytest

from tests.emulator.world import Inside, Refused, World


def customer(world: World) -> str:
    found: str = world.stripe.customers.create().id
    return found


def test_a_saved_card_pays_off_session(world: World) -> None:
    owner = customer(world)
    params = {"customer": owner, "confirm": True, "payment_method": "pm_card_visa", "return_url": "https://a.example"}
    intent = world.stripe.setup_intents.create(params=params)
    assert (intent.status, intent.usage, intent.next_action) == ("succeeded", "off_session", None)
    assert world.stripe.payment_methods.retrieve(intent.payment_method).customer == owner
    paid = world.pay(intent.payment_method, customer=owner, off_session=True)
    assert paid.status == "succeeded"
    assert {"setup_intent.created", "setup_intent.succeeded", "payment_method.attached"} <= set(world.event_types())


def test_a_card_that_asks_on_setup_pays_later_without_asking(emulated: World) -> None:
    owner = customer(emulated)
    token = "pm_card_authenticationRequiredOnSetup"
    intent = emulated.stripe.setup_intents.create(
        params={"customer": owner, "confirm": True, "payment_method": token, "return_url": "https://a.example"}
    )
    assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")
    passed = emulated.control("POST", f"/setup_intents/{intent.id}/authenticate")
    assert passed["status"] == "succeeded"
    assert emulated.pay(passed["payment_method"], customer=owner, off_session=True).status == "succeeded"


def test_a_failed_challenge_needs_another_card(emulated: World, refused: Refused) -> None:
    intent = emulated.stripe.setup_intents.create(
        params={
            "customer": customer(emulated),
            "confirm": True,
            "payment_method": "pm_card_authenticationRequired",
            "return_url": "https://a.example",
        }
    )
    failed = emulated.control("POST", f"/setup_intents/{intent.id}/authenticate", result="fail")
    assert (failed["status"], failed["payment_method"]) == ("requires_payment_method", None)
    assert failed["last_setup_error"]["code"] == "setup_intent_authentication_failure"
    assert "setup_intent.setup_failed" in emulated.event_types()


def test_a_card_that_declines_is_refused_with_its_setup_intent(world: World, refused: Refused) -> None:
    params = {"confirm": True, "payment_method": "pm_card_chargeDeclined", "return_url": "https://a.example"}
    error = refused(lambda: world.stripe.setup_intents.create(params=params))
    assert (error.http_status, error.code) == (402, "card_declined")
    assert error.error.setup_intent.status == "requires_payment_method"
    saved = world.stripe.setup_intents.create(params={**params, "payment_method": "pm_card_chargeCustomerFail"})
    assert saved.status == "succeeded"


def test_the_life_of_a_setup_intent_step_by_step(world: World, refused: Refused) -> None:
    intents = world.stripe.setup_intents
    intent = intents.create(params={"usage": "on_session", "metadata": {"a": "1"}})
    assert intent.status == "requires_payment_method"
    assert refused(lambda: intents.confirm(intent.id)).code == "setup_intent_unexpected_state"
    updated = intents.update(intent.id, params={"payment_method": "pm_card_visa", "metadata": {"b": "2"}})
    assert (updated.status, updated.metadata.to_dict()) == ("requires_confirmation", {"a": "1", "b": "2"})
    assert intents.confirm(intent.id).status == "succeeded"
    assert refused(lambda: intents.cancel(intent.id)).code == "setup_intent_unexpected_state"
    other = intents.create(params={})
    assert intents.cancel(other.id, params={"cancellation_reason": "abandoned"}).status == "canceled"
    assert {found.id for found in intents.list().data} == {intent.id, other.id}


@pytest.mark.parametrize("form", ["mandate_data[customer_acceptance][type]=offline", "attach_to_self=true"])
def test_what_is_left_out_names_the_emulator(ask: Inside, form: str) -> None:
    status, body, _ = ask("POST", "/v1/setup_intents", form)
    assert (status, "emulator" in body["error"]["message"]) == (400, True)


@pytest.mark.parametrize(
    ("chosen", "types"), [("payment_method_types", ["card"]), ("allowed_payment_method_types", ["sepa_debit"])]
)
def test_a_method_that_may_not_be_set_up_is_refused(ask: Inside, chosen: str, types: list[str]) -> None:
    """Source of the words: Automattic/woocommerce-payments, issue 10574."""
    named = "&".join(f"{chosen}[]={name}" for name in types)
    other = "pm_card_visa" if types != ["card"] else bank_debit(ask)
    kind = "card" if types != ["card"] else "sepa_debit"
    made = ask("POST", "/v1/setup_intents", named)[1]
    assert (made["payment_method_types"], made[chosen]) == (types, types)
    status, body, _ = ask("POST", f"/v1/setup_intents/{made['id']}/confirm", f"payment_method={other}")
    assert (status, body["error"]["code"]) == (400, "setup_intent_invalid_parameter")
    assert body["error"]["message"] == (
        f"The PaymentMethod provided ({kind}) is not allowed for this SetupIntent. Please attach a PaymentMethod of "
        f"one of the following types: {types[0]}. Alternatively update the allowed payment_method_types for this "
        f'SetupIntent to include "{kind}".'
    )


def bank_debit(ask: Inside) -> str:
    details = "sepa_debit[iban]=AT611904300234573201&billing_details[name]=A&billing_details[email]=a@b.example"
    made: str = ask("POST", "/v1/payment_methods", f"type=sepa_debit&{details}")[1]["id"]
    return made


def test_what_the_account_has_configured_is_set_up_in_any_currency(ask: Inside) -> None:
    form = f"confirm=true&return_url=https://a.example&payment_method={bank_debit(ask)}"
    status, body, _ = ask("POST", "/v1/setup_intents", form)
    assert (status, body["status"]) == (200, "succeeded")
