"""Capturing authorised payment intents, in full or in part."""

from tests.emulator.world import Inside, Refused, World


def test_a_session_is_paid_when_its_payment_is_captured(ask: Inside) -> None:
    one = ask.price("one", "unit_amount=1000")
    made = ask.session(one, 1, "&payment_intent_data[capture_method]=manual")[1]["id"]
    ask("POST", f"/v1/payment_pages/{made}/confirm", "payment_method=pm_card_visa")
    held = ask("GET", f"/v1/checkout/sessions/{made}")[1]
    assert (held["status"], held["payment_status"]) == ("complete", "unpaid")
    intent = f"/v1/payment_intents/{held['payment_intent']}"
    assert ask("POST", intent, "amount=500")[1]["error"]["code"] == "payment_intent_unexpected_state"
    assert ask("POST", f"{intent}/capture", "amount_to_capture=600")[1]["amount_received"] == 600
    assert ask("GET", f"/v1/checkout/sessions/{made}")[1]["payment_status"] == "paid"


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
