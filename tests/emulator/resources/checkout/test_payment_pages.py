"""Payment pages: how the official CLI completes a session."""

from tests.emulator.world import Refused, World


def test_the_expected_amount_must_agree(emulated: World, refused: Refused) -> None:
    session = emulated.session()
    error = refused(lambda: emulated.complete(session, emulated.method(), expected_amount=1))
    assert error.http_status == 400
    assert emulated.stripe.payment_intents.list().data == []
