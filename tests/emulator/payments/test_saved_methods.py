"""Saving a method with a payment, and paying with it while nobody is there."""

import pytest

from tests.emulator.world import Inside, Refused, World


def test_a_method_set_up_with_a_payment_pays_off_session(world: World) -> None:
    owner = world.stripe.customers.create().id
    first = world.pay(customer=owner, setup_future_usage="off_session")
    assert world.stripe.payment_methods.retrieve(first.payment_method).customer == owner
    assert world.pay(first.payment_method, customer=owner, off_session=True).status == "succeeded"


def test_a_card_that_always_asks_is_refused_off_session(world: World, refused: Refused) -> None:
    owner = world.stripe.customers.create().id
    method = world.stripe.payment_methods.attach("pm_card_authenticationRequired", params={"customer": owner}).id
    error = refused(lambda: world.pay(method, customer=owner, off_session=True))
    assert (error.http_status, error.code) == (402, "authentication_required")
    assert error.error.payment_intent.status == "requires_payment_method"


def test_off_session_and_setting_up_do_not_go_together(world: World, refused: Refused) -> None:
    owner = world.stripe.customers.create().id
    error = refused(lambda: world.pay(customer=owner, off_session=True, setup_future_usage="off_session"))
    assert (error.http_status, error.param) == (400, "setup_future_usage")


@pytest.mark.parametrize(("own", "attached"), [("off_session", True), ("none", False)])
def test_what_is_said_of_the_card_wins(ask: Inside, own: str, attached: bool) -> None:
    owner = ask("POST", "/v1/customers")[1]["id"]
    general = "" if attached else "&setup_future_usage=off_session"
    form = f"amount=1000&currency=usd&customer={owner}&confirm=true&payment_method=pm_card_visa{general}"
    form += f"&payment_method_options[card][setup_future_usage]={own}&return_url=https://a.example"
    intent = ask("POST", "/v1/payment_intents", form)[1]
    assert intent["payment_method_options"]["card"]["setup_future_usage"] == own
    method = ask("GET", f"/v1/payment_methods/{intent['payment_method']}")[1]
    assert (method["customer"] == owner) is attached


def test_a_session_sets_a_method_up_by_its_options(ask: Inside) -> None:
    price = ask.price("p", "unit_amount=1000")
    session = ask.session(price, 1, "&payment_method_options[card][setup_future_usage]=off_session")[1]
    done = ask.control(f"/sessions/{session['id']}/pay")[1]
    assert done["customer"] is not None
    assert len(ask("GET", f"/v1/customers/{done['customer']}/payment_methods")[1]["data"]) == 1


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ("amount_to_confirm=999", "amount_to_confirm"),
        ("client_secret=pi_secret_wrong", "client_secret"),
    ],
)
def test_what_a_confirmation_says_of_its_intent_must_be_so(ask: Inside, form: str, param: str) -> None:
    made = "amount=1000&currency=usd&payment_method=pm_card_visa&payment_method_types[]=card"
    intent = ask("POST", "/v1/payment_intents", made)[1]
    status, body, _ = ask("POST", f"/v1/payment_intents/{intent['id']}/confirm", form)
    assert (status, body["error"]["param"]) == (400, param)
    good = f"amount_to_confirm=1000&client_secret={intent['client_secret']}"
    assert ask("POST", f"/v1/payment_intents/{intent['id']}/confirm", good)[1]["status"] == "succeeded"


def test_a_mobile_sdk_gets_an_action_of_its_own(ask: Inside) -> None:
    form = "amount=1000&currency=usd&confirm=true&payment_method=pm_card_authenticationRequired"
    form += "&return_url=https://a.example&use_stripe_sdk=true"
    assert ask("POST", "/v1/payment_intents", form)[1]["next_action"]["type"] == "use_stripe_sdk"


def test_a_capture_is_the_last_and_names_what_is_on_the_statement(ask: Inside) -> None:
    form = "amount=1000&currency=usd&confirm=true&payment_method=pm_card_visa&capture_method=manual"
    intent = ask("POST", "/v1/payment_intents", f"{form}&return_url=https://a.example")[1]["id"]
    path = f"/v1/payment_intents/{intent}/capture"
    assert ask("POST", path, "final_capture=false")[1]["error"]["param"] == "final_capture"
    done = ask("POST", path, "final_capture=true&statement_descriptor_suffix=CREDITS&expand[]=latest_charge")[1]
    assert done["statement_descriptor_suffix"] == "CREDITS"
    assert done["latest_charge"]["statement_descriptor_suffix"] == "CREDITS"
