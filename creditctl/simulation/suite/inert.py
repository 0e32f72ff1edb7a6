"""Inert events: rightly signed webhooks that mean nothing, and the layouts in which a body may be written."""

from __future__ import annotations

import json
from collections.abc import Callable

from creditctl.core.errors import CreditctlError
from creditctl.core.keys import Secret
from creditctl.payments.event_types import SESSION_COMPLETED_TYPE
from creditctl.simulation.play.forgery import SignedBody, signed
from creditctl.simulation.play.posting import post_event
from creditctl.simulation.play.state import Bench
from creditctl.simulation.stripe_side import checkout, events
from creditctl.simulation.stripe_side.access import StripeAccess, StripeObject
from creditctl.simulation.stripe_side.events import event_bytes

_EXPIRED = "checkout.session.expired"
_AMOUNT = 500

LAYOUTS: dict[str, Callable[[StripeObject], bytes]] = {
    "without white space": lambda event: json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode(),
    "without white space, in ASCII": lambda event: json.dumps(event, separators=(",", ":")).encode(),
    "as Python writes it": lambda event: json.dumps(event).encode(),
    "as Python writes it, sorted": lambda event: json.dumps(event, sort_keys=True).encode(),
}
"""Other layouts of the same JSON: who verifies a body that was parsed and written again accepts one of them only."""


def inert_event(token: str, now: int) -> StripeObject:
    """An event of a type that no backend knows, about nothing."""
    return {
        "id": f"evt_simulate{token}",
        "object": "event",
        "api_version": None,
        "created": now,
        "data": {"object": {"id": f"sim_{token}", "object": "creditctl.simulation"}},
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": None, "idempotency_key": None},
        "type": "creditctl.simulation.preflight",
    }


def known_event(stripe: StripeAccess) -> StripeObject | None:
    """The event of a real session for another product that expired unpaid: every backend knows its type."""
    try:
        params = {
            "mode": "payment",
            "line_items[0][price]": checkout.make_price(stripe, _AMOUNT, "usd", "Nothing to do with credits"),
            "line_items[0][quantity]": 1,
            "success_url": "http://localhost/success",
        }
        session = stripe.post("/v1/checkout/sessions", params)
        checkout.expire(stripe, session["id"])
        return events.find_event(stripe, _EXPIRED, session["id"])
    except CreditctlError:
        return None


def accepts_ascii(bench: Bench) -> bool:
    """Whether the last completed session's event, refused as it was, is accepted once its letters are all ASCII."""
    listed: list[StripeObject] = bench.stripe.get("/v1/events", type=SESSION_COMPLETED_TYPE, limit=1)["data"]
    if not listed or event_bytes(listed[0]).isascii():
        return False
    body = json.dumps(listed[0], indent=2).encode()
    return post_event(bench, signed(body, bench.secret.reveal(), bench.clock())).accepted


def sign_layout(layout: str, event: StripeObject, secret: Secret, now: int) -> SignedBody:
    """An event in a layout, rightly signed."""
    return signed(LAYOUTS.get(layout, event_bytes)(event), secret.reveal(), now)
