"""Capturing authorised payment intents, in full or in part; the rest of the authorisation is released.

Source: Stripe API reference, "Capture a PaymentIntent"; recorded test-mode refusals for their words and parameters.
"""

from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.updates import merged
from creditctl.emulator.payments.charge_bodies import on_statement, receipt_url
from creditctl.emulator.payments.settlement import dispute_captured, settle_charge
from creditctl.emulator.protocol.currencies import refuse_too_fine
from creditctl.emulator.protocol.errors import StripeError, invalid, not_acted_on
from creditctl.emulator.resources.core.payment_intents.checks import refuse_connect
from creditctl.emulator.storage.object_types import CHARGE, PAYMENT_INTENT, SESSION, Body


def check_capture(context: RequestContext) -> None:
    """A capture is the last one, and there is nobody to share it with."""
    refuse_connect(context.params)
    if context.params.get("final_capture") is False:
        raise not_acted_on("final_capture", "an authorisation is captured once")


def capture(context: RequestContext) -> Body:
    """Take what was authorised, or part of it: the rest is released."""
    params = context.params
    intent = context.fetch(PAYMENT_INTENT, context.args[0])
    amount = amount_to_capture(intent, params)
    named: Body = {
        name: params[name] for name in ("statement_descriptor", "statement_descriptor_suffix") if name in params
    }
    charge = _capture_charge(context, intent["latest_charge"], amount, named)
    intent |= named | {"amount_capturable": 0, "amount_received": amount, "status": "succeeded"}
    if "metadata" in params:
        intent["metadata"] = merged(intent["metadata"], params["metadata"])
    context.cancel_job("expire_authorization", intent["id"])
    context.save(PAYMENT_INTENT, intent, event="payment_intent.succeeded")
    # `charge.captured`, then the intent, then `charge.updated` with the balance transaction.
    settle_charge(context, charge["id"])
    dispute_captured(context, charge)
    _mark_session_paid(context, intent)
    return intent


def _capture_charge(context: RequestContext, charge_id: str, amount: int, named: Body) -> Body:
    """A charge after its capture; Source: a recorded charge, which does not count as refunded what was released."""
    before = context.fetch(CHARGE, charge_id)
    charge = before | named | {"amount_captured": amount, "captured": True, "receipt_url": receipt_url(context)}
    if before["calculated_statement_descriptor"]:
        charge["calculated_statement_descriptor"] = on_statement(charge["statement_descriptor_suffix"])
    return context.change(CHARGE, before, charge, "charge.captured")


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
    refuse_too_fine(amount, intent["currency"], "amount_to_capture")
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


def _mark_session_paid(context: RequestContext, intent: Body) -> None:
    """A Checkout Session whose payment was only authorised is paid now; nothing announces it."""
    session_id = context.fetch_row(PAYMENT_INTENT, intent["id"]).hidden().get("session")
    if session_id:
        context.save(SESSION, context.fetch(SESSION, session_id) | {"payment_status": "paid"})
