"""Test cards: what each does to a payment."""

import pytest

from creditctl.emulator.payments.cards import CARDS, card_by_number, card_by_token, passes_check_digit
from tests.emulator.world import Refused, World

DECLINES = [
    ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline", "Your card was declined.", None),
    ("pm_card_chargeDeclined", "card_declined", "generic_decline", "Your card was declined.", None),
    (
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        "card_declined",
        "insufficient_funds",
        "Your card has insufficient funds.",
        None,
    ),
    ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card", "Your card was declined.", None),
    ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card", "Your card was declined.", None),
    ("pm_card_chargeDeclinedExpiredCard", "expired_card", None, "Your card has expired.", "exp_month"),
    ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None, "Your card's security code is incorrect.", "cvc"),
    ("pm_card_chargeDeclinedProcessingError", "processing_error", None, "An error occurred while processing", None),
    (
        "pm_card_visa_chargeDeclinedVelocityLimitExceeded",
        "card_declined",
        "card_velocity_exceeded",
        "repeated attempts too frequently",
        None,
    ),
    ("pm_card_chargeCustomerFail", "card_declined", "generic_decline", "Your card was declined.", None),
    ("pm_card_chargeDeclinedFraudulent", "card_declined", "fraudulent", "Your card was declined.", None),
]


@pytest.mark.parametrize(("token", "code", "decline_code", "message", "param"), DECLINES)
def test_declines(
    world: World, refused: Refused, token: str, code: str, decline_code: str | None, message: str, param: str | None
) -> None:
    error = refused(lambda: world.pay(token))
    assert (error.http_status, error.code, error.param) == (402, code, param)
    assert message in error.user_message
    assert getattr(error.error, "decline_code", None) == decline_code
    intent = world.stripe.payment_intents.retrieve(error.error.payment_intent.id)
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error.code == code
    charge = world.stripe.charges.retrieve(intent.latest_charge)
    assert charge.id == error.error.charge
    assert (charge.status, charge.paid, charge.failure_code, charge.amount_captured) == ("failed", False, code, 0)
    assert charge.receipt_url is None


def test_a_blocked_payment_never_reaches_the_network(world: World, refused: Refused) -> None:
    error = refused(lambda: world.pay("pm_card_radarBlock"))
    charge = world.stripe.charges.retrieve(error.error.charge)
    assert (charge.outcome.type, charge.outcome.network_status) == ("blocked", "not_sent_to_network")
    assert charge.outcome.risk_level == "highest"


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ("pm_card_authenticationRequired", "requires_action"),
        ("pm_card_authenticationRequiredOnSetup", "requires_action"),
        ("pm_card_threeDSecure2Required", "requires_action"),
        ("pm_card_threeDSecureOptional", "succeeded"),
        ("pm_card_amex_threeDSecureNotSupported", "succeeded"),
    ],
)
def test_authentication_by_card(world: World, token: str, status: str) -> None:
    intent = world.pay(token)
    assert intent.status == status
    assert (intent.next_action is not None) is (status == "requires_action")


def test_off_session_can_not_be_authenticated(world: World, refused: Refused) -> None:
    error = refused(lambda: world.pay("pm_card_authenticationRequired", off_session=True))
    assert (error.http_status, error.code) == (402, "authentication_required")


def test_a_challenge_may_end_in_a_decline(emulated: World) -> None:
    intent = emulated.pay("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds")
    status, body = emulated.control_status("POST", f"/payment_intents/{intent.id}/authenticate")
    assert (status, body["error"]["decline_code"]) == (402, "insufficient_funds")
    intent = emulated.stripe.payment_intents.retrieve(intent.id)
    assert intent.status == "requires_payment_method"


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


def test_every_card_of_the_table_has_a_valid_number() -> None:
    numbers = [card.number for card in CARDS if card.number.isdecimal()]
    assert len(numbers) == len(set(numbers))
    assert [number for number in numbers if not passes_check_digit(number)] == []
    assert {len(number) for number in numbers} <= {14, 15, 16, 19}


def test_finding_a_card() -> None:
    visa = card_by_token("tok_visa")
    assert visa is not None
    assert visa is card_by_number("4242 4242 4242 4242")
    assert card_by_token("tok_nothing") is None
    assert card_by_number("4242424242424241") is None
    other = card_by_number("4111111111111111")
    assert other is not None
    assert (other.brand, other.decline) == ("visa", None)


def test_warnings_and_reviews_can_be_read(emulated: World, refused: Refused) -> None:
    intent = emulated.pay("pm_card_createIssuerFraudRecord")
    warning = emulated.stripe.radar.early_fraud_warnings.list(params={"charge": intent.latest_charge}).data[0]
    assert warning.payment_intent == intent.id
    emulated.pay("pm_card_riskLevelElevated")
    review = emulated.stripe.reviews.list().data[0]
    assert emulated.stripe.reviews.approve(review.id).open is False
    assert refused(lambda: emulated.stripe.reviews.approve(review.id)).http_status == 400
    assert emulated.event_types()[-1] == "review.closed"
