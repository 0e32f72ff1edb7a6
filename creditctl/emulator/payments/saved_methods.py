"""Saving a payment method for later: with a payment, or by a setup intent.

Source: Stripe docs, "Save a payment method"; Stripe API reference, `setup_future_usage`.
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.payments.methods import PaymentMethod, mark_used
from creditctl.emulator.storage.object_types import PAYMENT_METHOD, Body


def future_usage(intent: Body, type_: str) -> str | None:
    """How a method of a type will be used later: what is said of the type wins over what is said of the payment."""
    own = (intent["payment_method_options"].get(type_) or {}).get("setup_future_usage")
    usage: str | None = own or intent["setup_future_usage"]
    return None if usage == "none" else usage


def keep_method(context: RequestContext, method: PaymentMethod, customer: str | None, usage: str | None) -> None:
    """Remember a method after it was used: attached to the customer and prepared for off-session use where asked to."""
    if usage and customer and method.body["customer"] is None:
        method.body["customer"] = customer
        context.save(PAYMENT_METHOD, method.body, event="payment_method.attached")
    if usage == "off_session":
        mark_used(context, method, saved=True)
    elif method.body["customer"] is None:
        # It pays once; the mark makes `refuse_reuse` refuse the second time.
        mark_used(context, method)
