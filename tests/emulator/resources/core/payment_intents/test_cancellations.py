"""Cancelling payment intents by call and by time."""

from tests.emulator.world import Refused, World


def test_canceling(world: World, refused: Refused) -> None:
    intent = world.stripe.payment_intents.create(params={"amount": 1500, "currency": "usd"})
    canceled = world.stripe.payment_intents.cancel(intent.id, params={"cancellation_reason": "abandoned"})
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    paid = world.pay()
    assert refused(lambda: world.stripe.payment_intents.cancel(paid.id)).code == "payment_intent_unexpected_state"


def test_an_authorisation_lapses(emulated: World) -> None:
    intent = emulated.pay(capture_method="manual")
    emulated.advance(7 * 86_400)
    intent = emulated.stripe.payment_intents.retrieve(intent.id)
    assert (intent.status, intent.cancellation_reason) == ("canceled", "automatic")
    assert "charge.expired" in emulated.event_types()
