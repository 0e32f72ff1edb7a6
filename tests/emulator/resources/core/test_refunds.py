"""Refunds endpoints: amounts, refusals, paths below a charge."""

from tests.emulator.world import Inside, Refused, World

PAY = "amount=1000&currency=usd&confirm=true&return_url=https://a.example"


def test_refunding_by_the_path_of_the_charge(ask: Inside) -> None:
    charge = ask("POST", "/v1/payment_intents", f"{PAY}&payment_method=pm_card_visa")[1]["latest_charge"]
    old = ask("POST", f"/v1/charges/{charge}/refund", "amount=800")[1]
    assert (old["object"], old["amount_refunded"], old["refunded"]) == ("charge", 800, False)
    new = ask("POST", f"/v1/charges/{charge}/refunds", "amount=200")[1]
    assert (new["object"], new["amount"], new["charge"]) == ("refund", 200, charge)
    assert "reference" not in new["destination_details"]["card"]
    status, body, _ = ask("POST", f"/v1/charges/{charge}/refunds", "amount=1")
    assert (status, body["error"]["code"]) == (400, "charge_already_refunded")
    listed = ask("GET", "/v1/refunds", f"charge={charge}")[1]
    assert (listed["count"], len(listed["data"])) == (2, 2)
    assert "count" not in ask("GET", f"/v1/charges/{charge}/refunds")[1]


def test_partial_refunds_add_up(world: World, refused: Refused) -> None:
    intent = world.pay(amount=2500)
    world.stripe.refunds.create(params={"charge": intent.latest_charge, "amount": 500})
    charge = world.stripe.charges.retrieve(intent.latest_charge)
    assert (charge.refunded, charge.amount_refunded) == (False, 500)
    error = refused(lambda: world.stripe.refunds.create(params={"charge": charge.id, "amount": 3000}))
    assert error.user_message == "Refund amount ($30.00) is greater than unrefunded amount on charge ($20.00)"
    assert world.stripe.refunds.create(params={"charge": charge.id}).amount == 2000
    again = refused(lambda: world.stripe.refunds.create(params={"charge": charge.id}))
    assert again.code == "charge_already_refunded"


def test_refusals(world: World, refused: Refused) -> None:
    error = refused(lambda: world.stripe.refunds.create(params={"amount": 5}))
    assert "payment_intent or charge" in error.user_message
    error = refused(lambda: world.stripe.refunds.create(params={"charge": "ch_none"}))
    assert (error.http_status, error.code, error.param) == (404, "resource_missing", "id")
    refund = world.stripe.refunds.create(params={"payment_intent": world.pay().id})
    assert "unsupported" in refused(lambda: world.stripe.refunds.cancel(refund.id)).user_message


def test_refunds_are_found_by_their_payment(world: World) -> None:
    intent = world.pay()
    made = [world.stripe.refunds.create(params={"payment_intent": intent.id, "amount": 100}).id for _ in range(2)]
    by_intent = world.stripe.refunds.list(params={"payment_intent": intent.id})
    by_charge = world.stripe.refunds.list(params={"charge": intent.latest_charge})
    assert [each.id for each in by_intent.data] == [each.id for each in by_charge.data] == made[::-1]


def test_the_refunds_of_a_payment_that_never_was_are_refused(ask: Inside) -> None:
    for name, value in (("charge", "ch_none"), ("payment_intent", "pi_none")):
        status, body, _ = ask("GET", "/v1/refunds", f"{name}={value}")
        assert (status, body["error"]["code"], body["error"]["param"]) == (400, "resource_missing", name)
        assert body["error"]["message"] == f"No such {name}: '{value}'"


def test_a_refund_is_changed_below_its_charge_alone(ask: Inside, inside: World) -> None:
    """Source: Stripe's OpenAPI description, `PostChargesChargeRefundsRefund`."""
    intent, other = inside.pay(), inside.pay()
    refund = ask("POST", f"/v1/charges/{intent.latest_charge}/refunds", "amount=100")[1]["id"]
    form = "metadata[order]=7"
    assert ask("POST", f"/v1/charges/{intent.latest_charge}/refunds/{refund}", form)[1]["metadata"] == {"order": "7"}
    assert ask("POST", f"/v1/charges/{other.latest_charge}/refunds/{refund}", form)[0] == 404
