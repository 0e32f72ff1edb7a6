"""Confirming a payment: declines, blocks, authentication."""

import pytest

from tests.emulator.world import Inside, Refused, World

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
    ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card", "Your card has expired.", "exp_month"),
    (
        "pm_card_chargeDeclinedIncorrectCvc",
        "incorrect_cvc",
        "incorrect_cvc",
        "Your card's security code is incorrect.",
        "cvc",
    ),
    (
        "pm_card_chargeDeclinedProcessingError",
        "processing_error",
        "processing_error",
        "An error occurred while processing",
        None,
    ),
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
PAY = "amount=1000&currency=usd&confirm=true&return_url=https://a.example"


@pytest.mark.parametrize(("asked", "status"), [("automatic", "succeeded"), ("any", "requires_action")])
def test_authentication_on_request(ask: Inside, asked: str, status: str) -> None:
    option = f"payment_method_options[card][request_three_d_secure]={asked}"
    found = ask("POST", "/v1/payment_intents", f"{PAY}&payment_method=pm_card_threeDSecureOptional&{option}")[1]
    assert found["status"] == status
    assert found["payment_method_options"]["card"]["request_three_d_secure"] == asked


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


def test_a_server_that_confirms_itself_confirms_again(emulated: World, refused: Refused) -> None:
    """Source: stripe-python 16.1, `confirm`, on `confirmation_method` manual."""
    asked = {"confirmation_method": "manual", "return_url": "https://a.example"}
    intent = emulated.pay("pm_card_authenticationRequired", **asked)
    emulated.control("POST", f"/payment_intents/{intent.id}/authenticate")
    waiting = emulated.stripe.payment_intents.retrieve(intent.id)
    assert (waiting.status, waiting.next_action, waiting.latest_charge) == ("requires_confirmation", None, None)
    assert emulated.stripe.payment_intents.confirm(intent.id).status == "succeeded"
    poor = emulated.pay("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", **asked)
    emulated.control("POST", f"/payment_intents/{poor.id}/authenticate")
    assert refused(lambda: emulated.stripe.payment_intents.confirm(poor.id)).error.decline_code == "insufficient_funds"


def test_a_challenge_may_end_in_a_decline(emulated: World) -> None:
    intent = emulated.pay("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds")
    status, body = emulated.control_status("POST", f"/payment_intents/{intent.id}/authenticate")
    assert (status, body["error"]["decline_code"]) == (402, "insufficient_funds")
    intent = emulated.stripe.payment_intents.retrieve(intent.id)
    assert intent.status == "requires_payment_method"
