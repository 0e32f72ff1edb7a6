"""Radar endpoints: early fraud warnings and reviews, which test cards cause.

Source: Stripe API reference, "Early Fraud Warnings", "Reviews".
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import by_column, by_created, list_fields, listing, retrieve
from creditctl.emulator.api.routes import route
from creditctl.emulator.payments.fraud_checks import close_review
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.storage.object_types import EARLY_FRAUD_WARNING, REVIEW, Body


def approve(context: RequestContext) -> Body:
    """Close a review: the payment is fine."""
    before = context.fetch(REVIEW, context.args[0])
    if not before["open"]:
        raise invalid(f"The review {before['id']} is already closed.")
    return close_review(context, before, "approved")


_WARNINGS = {"charge": by_column("owner"), "payment_intent": by_column("parent"), "created": by_created()}
_REVIEWS = {"created": by_created()}
_URL = EARLY_FRAUD_WARNING.url
ROUTES = (
    route("GET", _URL, listing(EARLY_FRAUD_WARNING, _WARNINGS), list_fields(_WARNINGS), permission="radar"),
    route("GET", _URL + "/{id}", retrieve(EARLY_FRAUD_WARNING), permission="radar"),
    route("GET", "/v1/reviews", listing(REVIEW, _REVIEWS), list_fields(_REVIEWS), permission="review"),
    route("GET", "/v1/reviews/{id}", retrieve(REVIEW), permission="review"),
    route("POST", "/v1/reviews/{id}/approve", approve, permission="review"),
)
