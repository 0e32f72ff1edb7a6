"""Money that goes back: refunds that succeed or fail later, disputes and what becomes of them."""

from __future__ import annotations

from creditctl.simulation.stripe_side.access import StripeAccess, StripeObject


def refund(stripe: StripeAccess, payment_intent: str, amount: int) -> StripeObject:
    """Refunds so much of a payment. Units: amount in minor units."""
    return stripe.post("/v1/refunds", {"payment_intent": payment_intent, "amount": amount})


def fail_refund(stripe: StripeAccess, refund_id: str) -> StripeObject:
    """Lets the bank return a refund."""
    return stripe.emulator.control("POST", f"/refunds/{refund_id}/fail")


def open_dispute(stripe: StripeAccess, payment_intent: str, kind: str, amount: int | None = None) -> StripeObject:
    """Opens a dispute of a kind, on all of the payment or on a part."""
    given = {"payment_intent": payment_intent, "kind": kind, "amount": amount}
    return stripe.emulator.control("POST", "/disputes", given)


def settle_dispute(stripe: StripeAccess, dispute_id: str, status: str) -> StripeObject:
    """Ends a dispute: won, lost or warning_closed."""
    return stripe.emulator.control("POST", f"/disputes/{dispute_id}/settle", {"status": status})


def bring_forward(stripe: StripeAccess, object_id: str, seconds: int) -> None:
    """Lets what these seconds hold for one object happen now: a bank's result, a refund's reference, a retry."""
    stripe.emulator.control("POST", "/clock", {"advance": seconds, "object": object_id})
