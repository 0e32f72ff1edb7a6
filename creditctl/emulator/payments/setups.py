"""Setting up a payment method for later without a payment: challenge, decline, success.

Source: Stripe docs, "How PaymentIntents and SetupIntents work", "Testing".
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.payments import cards
from creditctl.emulator.payments.cards import Decline
from creditctl.emulator.payments.confirm import next_action
from creditctl.emulator.payments.declines import error_fields
from creditctl.emulator.payments.methods import PaymentMethod
from creditctl.emulator.protocol.errors import StripeError, invalid
from creditctl.emulator.storage.object_types import PAYMENT_METHOD, SETUP_INTENT, Body

_FAILED = Decline(
    "setup_intent_authentication_failure",
    None,
    "The latest attempt to set up the payment method has failed because authentication failed.",
)


def attempt_setup(
    context: RequestContext,
    intent: Body,
    method: PaymentMethod,
    return_url: str | None = None,
    *,
    authenticated: bool = False,
) -> Body:
    """Try to set a method up; the intent moves on, or a 402 is raised that keeps what happened."""
    intent["payment_method"] = method.body["id"]
    if not method.delayed:
        decline = _decline_of(context, method)
        if decline is not None:
            raise _refusal(context, intent, method, decline)
        if not authenticated and _needs_challenge(intent, method):
            action = next_action(context, intent, return_url)
            intent |= {"last_setup_error": None, "next_action": action, "status": "requires_action"}
            return context.save(SETUP_INTENT, intent, event="setup_intent.requires_action")
    _save(context, intent, method)
    intent |= {"last_setup_error": None, "next_action": None, "status": "succeeded"}
    return context.save(SETUP_INTENT, intent, event="setup_intent.succeeded")


def _decline_of(context: RequestContext, method: PaymentMethod) -> Decline | None:
    card = method.card
    if card.real != context.scope.livemode:
        return cards.TEST_MODE if card.real else cards.LIVE_MODE
    # A card that fails only when it is charged can be saved.
    return card.decline if card.decline and not card.attaches else None


def _needs_challenge(intent: Body, method: PaymentMethod) -> bool:
    asked = intent["payment_method_options"]["card"]["request_three_d_secure"] in ("any", "challenge")
    challenge = method.card.challenge
    return challenge in ("always", "unless_saved") or (challenge == "requested" and asked)


def _save(context: RequestContext, intent: Body, method: PaymentMethod) -> None:
    """Attach the method to the intent's customer, prepared for use while the buyer is away where that is meant."""
    if intent["usage"] == "off_session":
        method.extra |= {"saved": True}
        context.services.store.save_extra(context.scope.id, method.body["id"], method.extra)
    if intent["customer"] and method.body["customer"] is None:
        method.body["customer"] = intent["customer"]
        context.save(PAYMENT_METHOD, method.body, event="payment_method.attached")


def _refusal(context: RequestContext, intent: Body, method: PaymentMethod, decline: Decline) -> StripeError:
    fail_setup(context, intent, method.body, decline)
    fields = error_fields(decline) | {"payment_method": dict(method.body), "setup_intent": dict(intent)}
    return StripeError(402, fields, commit=True)


def fail_setup(context: RequestContext, intent: Body, method: Body, decline: Decline) -> Body:
    """Send an intent back to `requires_payment_method` with the reason."""
    error = error_fields(decline) | {"payment_method": method, "payment_method_type": method["type"]}
    error["doc_url"] = "https://stripe.com/docs/error-codes/" + decline.code.replace("_", "-")
    intent |= {
        "last_setup_error": {name: error[name] for name in sorted(error)},
        "next_action": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }
    return context.save(SETUP_INTENT, intent, event="setup_intent.setup_failed")


def finish_setup_challenge(context: RequestContext, intent: Body, method: PaymentMethod, passed: bool) -> Body:
    """End a challenge: passed, the method is set up; failed, the intent needs another."""
    if intent["status"] != "requires_action":
        raise invalid(f"This SetupIntent's status is {intent['status']}: there is nothing to authenticate.")
    if not passed:
        return fail_setup(context, intent, method.body, _FAILED)
    return attempt_setup(context, intent, method, authenticated=True)
