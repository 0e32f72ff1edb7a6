"""Stripe event types that matter for credits: which may pay, which are about refunds or disputes.

Source: Stripe API reference, "Types of events".
"""

from __future__ import annotations

from creditctl.core.entitlement.dispute import FUNDS_REINSTATED_TYPE, FUNDS_WITHDRAWN_TYPE

SESSION_COMPLETED_TYPE = "checkout.session.completed"
ASYNC_PAYMENT_SUCCEEDED_TYPE = "checkout.session.async_payment_succeeded"

PAID_TYPES = frozenset((SESSION_COMPLETED_TYPE, ASYNC_PAYMENT_SUCCEEDED_TYPE))
"""The types at which a session may give credits. Source: Stripe documentation, "Fulfill orders"."""

CHARGE_REFUNDED_TYPE = "charge.refunded"
"""Says that a charge has refunds, not which."""

REFUND_TYPES = ("refund.created", "refund.updated", "refund.failed")
"""The types whose object is one refund."""

DISPUTE_CREATED_TYPE = "charge.dispute.created"
DISPUTE_TYPES = (
    DISPUTE_CREATED_TYPE,
    "charge.dispute.updated",
    FUNDS_WITHDRAWN_TYPE,
    FUNDS_REINSTATED_TYPE,
    "charge.dispute.closed",
)
"""The types whose object is one dispute."""

RETURN_TYPES = (CHARGE_REFUNDED_TYPE, *REFUND_TYPES, *DISPUTE_TYPES)
"""The types after which credits may have to be taken back, or given back again."""

ENDPOINT_EVENTS = (
    SESSION_COMPLETED_TYPE,
    ASYNC_PAYMENT_SUCCEEDED_TYPE,
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    *RETURN_TYPES,
)
"""What the webhook endpoint subscribes to.

Source: Stripe documentation, "Fulfill orders": asynchronous payments succeed or fail in events of their own.
"""
