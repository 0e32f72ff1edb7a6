"""Checkout payer: pays an open Checkout session with a test payment method. Never in live mode.

It does what the official Stripe CLI's fixtures do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from creditctl.core.errors import GuardRefused

if TYPE_CHECKING:
    import stripe
    from stripe.params import PaymentMethodCreateParams

PAGE_PATH = "/v1/payment_pages/{session_id}"
"""Undocumented. Source: the Stripe CLI's own fixture for `stripe trigger checkout.session.completed`."""


@dataclass(frozen=True, slots=True)
class Payment:
    """Result of an attempt to pay.

    Shape: `status` is the session's; `decline_code` is set when the card was refused, `next_action` when the buyer
    would have to authenticate.
    """

    session_id: str
    status: str
    payment_intent: str | None = None
    decline_code: str | None = None
    message: str = ""
    next_action: bool = False

    @property
    def paid(self) -> bool:
        """Whether the session is complete."""
        return self.status == "complete"


def pay(client: stripe.StripeClient, session_id: str, token: str, *, email: str = "buyer@example.com") -> Payment:
    """Pays an open session with a test card token such as `tok_visa`; a decline is an answer, not an error.

    Errors: GuardRefused when the session is live; stripe.StripeError for everything but a declined card.
    """
    return pay_by(client, session_id, _card(token, email))


def pay_by(client: stripe.StripeClient, session_id: str, method_params: PaymentMethodCreateParams) -> Payment:
    """Pays an open session with any test payment method; one whose result comes later completes the session unpaid.

    Shape:  `method_params` as the SDK's `payment_methods.create` takes them.
    Errors: as `pay`.
    """
    import stripe

    session = client.v1.checkout.sessions.retrieve(session_id)
    refuse_live(session.livemode)
    client.raw_request("get", PAGE_PATH.format(session_id=session_id))
    try:
        method = client.v1.payment_methods.create(params=method_params)
        response = client.raw_request(
            "post",
            PAGE_PATH.format(session_id=session_id) + "/confirm",
            payment_method=method.id,
            expected_amount=session.amount_total,
        )
    except stripe.CardError as error:
        return _declined(session_id, error)
    return _answer(session_id, response.data)


def refuse_live(livemode: bool) -> None:
    """Refuses live objects, before test cards meet real money. Errors: GuardRefused."""
    if livemode:
        raise GuardRefused(
            "This is a live object; test cards and simulations never touch live mode.",
            code="guard.live",
            fix="Use a test key (sk_test_…), or the emulator.",
        )


def _card(token: str, email: str) -> PaymentMethodCreateParams:
    return {"type": "card", "card": {"token": token}, "billing_details": {"email": email}}


def _declined(session_id: str, error: stripe.CardError) -> Payment:
    details: Any = error.error
    intent = getattr(details, "payment_intent", None)
    return Payment(
        session_id=session_id,
        status="open",
        payment_intent=None if intent is None else intent["id"],
        decline_code=getattr(details, "decline_code", None) or error.code or "card_declined",
        message=error.user_message or "Your card was declined.",
    )


def _answer(session_id: str, page: Any) -> Payment:
    intent = page.get("payment_intent") or {}
    intent = {"id": intent} if isinstance(intent, str) else intent
    return Payment(
        session_id=session_id,
        status=page.get("status", "open"),
        payment_intent=intent.get("id"),
        next_action=intent.get("status") == "requires_action",
    )
