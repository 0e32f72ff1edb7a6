"""Delivery of a past event: POSTed with our signature, or resent by Stripe."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import stripe

from creditctl.core.keys import Secret
from creditctl.events.event_view import wire_body
from creditctl.ledger.archive.models import EventRecord
from creditctl.stripe_api.delivery import DeliveryResult, deliver_signed

if TYPE_CHECKING:
    import httpx

Send = Callable[[EventRecord], DeliveryResult]


def post_signed(http: httpx.Client, url: str, secret: Secret, clock: Callable[[], int]) -> Send:
    """Sender that POSTs to a URL, the signature fresh for every attempt."""
    return lambda record: deliver_signed(http, url, wire_body(record.body), secret, clock())


def resend_by_stripe(client: stripe.StripeClient, endpoint_id: str) -> Send:
    """Sender that asks Stripe to deliver to its endpoint again; what the endpoint answers only Stripe learns.

    Source: the official CLI's `events resend`, an undocumented call; without an endpoint it would reach CLI listeners
            only. Stripe refuses events older than thirty days, and types that the endpoint did not take then.
    """

    def send(record: EventRecord) -> DeliveryResult:
        try:
            client.raw_request("post", f"/v1/events/{record.id}/retry", webhook_endpoint=endpoint_id)
        except stripe.InvalidRequestError as error:
            return DeliveryResult(error.http_status, error=error.user_message or str(error))
        return DeliveryResult(200)

    return send
