"""Early fraud warnings and reviews, which test cards cause."""

from tests.emulator.world import Refused, World


def test_an_early_fraud_warning(emulated: World) -> None:
    emulated.pay("pm_card_createIssuerFraudRecord")
    assert "radar.early_fraud_warning.created" in emulated.event_types()


def test_warnings_and_reviews_can_be_read(emulated: World, refused: Refused) -> None:
    intent = emulated.pay("pm_card_createIssuerFraudRecord")
    warning = emulated.stripe.radar.early_fraud_warnings.list(params={"charge": intent.latest_charge}).data[0]
    assert warning.payment_intent == intent.id
    emulated.pay("pm_card_riskLevelElevated")
    review = emulated.stripe.reviews.list().data[0]
    assert emulated.stripe.reviews.approve(review.id).open is False
    assert refused(lambda: emulated.stripe.reviews.approve(review.id)).http_status == 400
    assert emulated.event_types()[-1] == "review.closed"
