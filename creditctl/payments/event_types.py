"""The events of Stripe that fulfilment needs, and no other."""

from __future__ import annotations

ENDPOINT_EVENTS = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
)
"""What the webhook endpoint subscribes to.

Source: Stripe API reference, "Types of events"; Stripe documentation, "Fulfill orders": asynchronous payments succeed
or fail in events of their own.
"""
