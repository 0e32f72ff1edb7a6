"""Early fraud warnings and reviews of a charge: opened by its card, settled by what becomes of the charge.

Source: Stripe API reference, "Early Fraud Warnings", `actionable`, and "Reviews", `closed_reason`; Stripe docs, "Refund
and cancel payments" (`review.closed` is one of the events of a refund).
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.storage.object_types import EARLY_FRAUD_WARNING, REVIEW, Body
from creditctl.emulator.storage.store import body_value, column


def warn(context: RequestContext, charge: Body) -> None:
    """The card's issuer takes a charge for fraud."""
    body: Body = {
        "id": context.new_id("issfr_"),
        "object": "radar.early_fraud_warning",
        "actionable": True,
        "charge": charge["id"],
        "created": context.now,
        "fraud_type": "made_with_lost_card",
        "livemode": context.scope.livemode,
        "payment_intent": charge["payment_intent"],
    }
    _machinery(context).add(EARLY_FRAUD_WARNING, body, event="radar.early_fraud_warning.created")


def open_review(context: RequestContext, charge: Body) -> None:
    """A rule asks a person to look at a charge."""
    body: Body = {
        "id": context.new_id("prv_"),
        "object": "review",
        "billing_zip": charge["billing_details"]["address"]["postal_code"],
        "charge": charge["id"],
        "closed_reason": None,
        "created": context.now,
        "ip_address": None,
        "ip_address_location": None,
        "livemode": context.scope.livemode,
        "open": True,
        "opened_reason": "rule",
        "payment_intent": charge["payment_intent"],
        "reason": "rule",
        "session": None,
    }
    _machinery(context).add(REVIEW, body, event="review.opened")


def end_checks(context: RequestContext, charge_id: str, reason: str) -> None:
    """Settle them once a charge is fully refunded, as fraud or not, or disputed: nobody has to act on it any more."""
    machinery, scope = _machinery(context), context.scope.id
    for row in context.services.store.select(scope, EARLY_FRAUD_WARNING, column("owner", charge_id)):
        before = row.decoded()
        machinery.change(
            EARLY_FRAUD_WARNING, before, before | {"actionable": False}, "radar.early_fraud_warning.updated"
        )
    of_charge = body_value("$.charge", charge_id), body_value("$.open", 1)
    for row in context.services.store.select(scope, REVIEW, *of_charge):
        close_review(machinery, row.decoded(), reason)


def close_review(context: RequestContext, review: Body, reason: str) -> Body:
    """Close a review, for a reason."""
    return context.save(
        REVIEW, review | {"closed_reason": reason, "open": False, "reason": reason}, event="review.closed"
    )


def _machinery(context: RequestContext) -> RequestContext:
    """A context of Stripe's own: what it announces names no request."""
    return RequestContext(context.services, context.scope, context.now)
