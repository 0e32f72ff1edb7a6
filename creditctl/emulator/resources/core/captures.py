"""What may be captured of a payment intent, and the refusals of everything else.

Source: Stripe API reference, "Capture a PaymentIntent"; recorded test-mode refusals for their words and parameters.
"""

from typing import Any

from creditctl.emulator.protocol.errors import StripeError, invalid
from creditctl.emulator.storage.object_types import Body


def amount_to_capture(intent: Body, params: dict[str, Any]) -> int:
    """The amount that a capture takes, all that was authorised unless the call names less."""
    if intent["status"] != "requires_capture":
        raise _wrong_state(intent)
    amount: int = params["amount_to_capture"] if "amount_to_capture" in params else intent["amount_capturable"]
    if amount < 0:
        raise invalid("Invalid non-negative integer", param="amount_to_capture", payment_intent=intent)
    if amount == 0:
        raise invalid(
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param="amount",
            payment_intent=intent,
        )
    if amount > intent["amount_capturable"]:
        raise invalid(
            "The payment could not be captured because the requested capture amount is greater than the amount you can "
            "capture for this charge. Contact us via https://support.stripe.com/contact/ for help.",
            code="amount_too_large",
            payment_intent=intent,
        )
    return amount


def _wrong_state(intent: Body) -> StripeError:
    message = (
        f"This PaymentIntent could not be captured because it has a status of {intent['status']}. Only a PaymentIntent "
        "with one of the following statuses may be captured: requires_capture."
    )
    if intent["status"] == "succeeded" and intent["amount_received"] < intent["amount"]:
        message = (
            "The remaining amount on this PaymentIntent could not be captured because the remainder of the authorized "
            "amount has been released."
        )
    return invalid(message, code="payment_intent_unexpected_state", payment_intent=intent)
