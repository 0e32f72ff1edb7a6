"""Cancelling payment intents: by call, with an expired session, or because an authorisation lapsed.

Source: Stripe API reference, "Cancel a PaymentIntent"; recorded test-mode refusals.
"""

from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.payments.charge_bodies import receipt_url
from creditctl.emulator.payments.refunds import fail_pending_refunds
from creditctl.emulator.resources.core.payment_intents.checks import load_own, unexpected_state
from creditctl.emulator.storage.object_types import CHARGE, PAYMENT_INTENT, Body

_CANCELABLE = (
    "requires_payment_method",
    "requires_capture",
    "requires_reauthorization",
    "requires_confirmation",
    "requires_action",
    "expired",
    "processing",
)
"""Source: recorded test-mode refusal, which lists states that no intent has here."""


def cancel(context: RequestContext) -> Body:
    """Cancel an intent by call; an authorisation is released."""
    intent = load_own(context)
    states = [state for state in _CANCELABLE if state != "processing" or not _on_its_way(context, intent)]
    if intent["status"] not in states:
        raise unexpected_state(
            intent,
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent "
            f"with one of the following statuses may be canceled: {', '.join(states)}.",
        )
    return cancel_intent(context, intent, context.params.get("cancellation_reason"), "charge.refunded")


def _on_its_way(context: RequestContext, intent: Body) -> bool:
    """Whether a bank debit can't be called back any more.

    Source: Stripe docs, "Refund and cancel payments": `processing` can be cancelled "only when the associated payment
    method is US Bank Account".
    """
    if intent["status"] != "processing":
        return False
    charge = context.fetch(CHARGE, intent["latest_charge"])
    return bool(charge["payment_method_details"]["type"] != "us_bank_account")


def cancel_intent(context: RequestContext, intent: Body, reason: str | None, charge_event: str) -> Body:
    """Cancel, release what was held, and announce both."""
    if intent["status"] == "requires_capture":
        before = context.fetch(CHARGE, intent["latest_charge"])
        charge = before | {"amount_refunded": before["amount"], "refunded": True, "receipt_url": receipt_url(context)}
        # `charge.refunded` where somebody cancels, `charge.expired` where time does; before the intent, unconfirmed.
        context.change(CHARGE, before, charge, charge_event)
        context.cancel_job("expire_authorization", intent["id"])
    if intent["status"] == "processing":
        fail_pending_refunds(context, intent["latest_charge"], "unknown")
    context.cancel_job("delayed_result", intent["id"])
    intent |= {
        "amount_capturable": 0,
        "canceled_at": context.now,
        "cancellation_reason": reason,
        "next_action": None,
        "status": "canceled",
    }
    return context.save(PAYMENT_INTENT, intent, event="payment_intent.canceled")


def expire_authorization(context: RequestContext, subject: str, _: dict[str, Any]) -> None:
    """Job: an authorisation that nobody captured lapses."""
    intent = context.fetch(PAYMENT_INTENT, subject)
    if intent["status"] == "requires_capture":
        cancel_intent(context, intent, "automatic", "charge.expired")
