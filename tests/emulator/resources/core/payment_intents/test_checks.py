"""Refusals of payment intent calls: amounts, and intents that a session owns."""

import pytest

from tests.emulator.world import Refused, World


@pytest.mark.parametrize(("amount", "code"), [(49, "amount_too_small"), (100_000_000, "amount_too_large")])
def test_amounts_have_bounds(world: World, refused: Refused, amount: int, code: str) -> None:
    assert refused(lambda: world.pay(amount=amount)).code == code


def test_the_session_owns_its_intent(world: World, refused: Refused) -> None:
    session = world.session()
    refused(lambda: world.complete(session, world.method("tok_chargeDeclined")))
    intent = world.stripe.checkout.sessions.retrieve(session.id).payment_intent
    if intent is not None:
        assert refused(lambda: world.stripe.payment_intents.cancel(intent)).http_status == 400
