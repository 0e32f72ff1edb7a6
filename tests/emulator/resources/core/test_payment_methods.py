"""Payment methods: saved, taken away, never made from a raw number."""

from tests.emulator.world import Inside, Refused, World

PAY = "amount=1000&currency=usd&confirm=true&return_url=https://a.example"


def test_a_method_is_saved_by_the_payment(ask: Inside) -> None:
    customer = ask("POST", "/v1/customers")[1]["id"]
    method = ask("POST", "/v1/payment_methods", "type=card&card[token]=tok_visa")[1]["id"]
    form = f"{PAY}&customer={customer}&payment_method={method}&setup_future_usage=off_session"
    assert ask("POST", "/v1/payment_intents", form)[1]["status"] == "succeeded"
    assert ask("GET", f"/v1/payment_methods/{method}")[1]["customer"] == customer
    again = f"{PAY}&customer={customer}&payment_method={method}&off_session=true"
    assert ask("POST", "/v1/payment_intents", again)[1]["status"] == "succeeded"
    types = [event["type"] for event in ask("GET", "/v1/events", "limit=100")[1]["data"]]
    assert types.count("payment_method.attached") == 1


def test_a_method_is_taken_away_again(ask: Inside) -> None:
    made = ask("POST", "/v1/payment_intents", "amount=1000&currency=usd&payment_method=pm_card_visa")[1]
    assert made["status"] == "requires_confirmation"
    bare = ask("POST", f"/v1/payment_intents/{made['id']}", "payment_method=")[1]
    assert (bare["status"], bare["payment_method"]) == ("requires_payment_method", None)


def test_declining_cards_are_not_saved(world: World, refused: Refused) -> None:
    customer = world.stripe.customers.create()
    error = refused(
        lambda: world.stripe.payment_methods.attach("pm_card_chargeDeclined", params={"customer": customer.id})
    )
    assert (error.http_status, error.code) == (402, "card_declined")
    saved = world.stripe.payment_methods.attach("pm_card_chargeCustomerFail", params={"customer": customer.id})
    assert saved.customer == customer.id
    assert refused(lambda: world.pay(saved.id, customer=customer.id)).code == "card_declined"


def test_numbers_are_refused_by_the_api(world: World, refused: Refused) -> None:
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2034, "cvc": "123"}
    error = refused(lambda: world.stripe.payment_methods.create(params={"type": "card", "card": card}))
    assert error.http_status == 402
    assert "generally unsafe" in error.user_message
