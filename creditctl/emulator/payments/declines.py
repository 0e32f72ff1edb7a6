"""Declined payments: the failed payment intent, and the 402 card error that reports it.

Source: Stripe docs, "Declines", "Error codes"; recorded test-mode declines.
"""

from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.payments.cards import Decline
from creditctl.emulator.protocol.errors import StripeError
from creditctl.emulator.storage.object_types import PAYMENT_INTENT, Body

FAILED_CHALLENGE = Decline(
    "payment_intent_authentication_failure",
    None,
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
)


def fail_intent(context: RequestContext, intent: Body, method: Body, decline: Decline, charge: str | None) -> Body:
    """Send an intent back to `requires_payment_method` with the reason."""
    error = error_fields(decline, charge) | {"payment_method": method, "payment_method_type": method["type"]}
    error["doc_url"] = "https://stripe.com/docs/error-codes/" + decline.code.replace("_", "-")
    intent |= {
        "last_payment_error": {name: error[name] for name in sorted(error)},
        "next_action": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }
    return context.save(PAYMENT_INTENT, intent, event="payment_intent.payment_failed")


def error_fields(decline: Decline, charge: str | None = None) -> Body:
    """The keys of a card error; what has no value is left out."""
    fields = {
        "type": "invalid_request_error" if decline is FAILED_CHALLENGE else "card_error",
        "advice_code": decline.advice_code,
        "charge": charge,
        "code": decline.code,
        "decline_code": decline.decline_code,
        "message": decline.message,
        "network_advice_code": decline.network_advice,
        "network_decline_code": decline.network_code,
        "param": decline.param,
    }
    return {name: value for name, value in fields.items() if value is not None}


def not_saved(decline: Decline) -> StripeError:
    """The 402 where a card can't be saved: nothing is left of the call, no customer either."""
    return StripeError(402, error_fields(decline))


def card_error(decline: Decline, *, charge: str | None = None, intent: Any = None, method: Any = None) -> StripeError:
    """The 402 of a failed payment."""
    fields = error_fields(decline, charge)
    if intent is not None:
        fields["payment_intent"] = dict(intent)
    if method is not None:
        fields["payment_method"] = dict(method)
    return StripeError(402, fields, commit=True)
