"""Webhook signature: verifies the Stripe-Signature header, its secret and its age."""

from __future__ import annotations

from collections.abc import Sequence

import stripe

from creditctl.core.keys import Secret


class BadSignature(Exception):
    """A delivery that nobody vouches for. The text is one of ours: nothing of what was sent is in it."""


def verify_signature(
    body: bytes, header: str | None, secrets: Sequence[Secret], *, now: int, tolerance_seconds: int
) -> None:
    """Checks a delivery against every signing secret of a rotation, by the official SDK and in constant time.

    Errors: BadSignature.
    Source: Stripe documentation, "Resolve webhook signature verification errors"; the SDK compares the time with its
            own clock and only towards the past, so the time is checked here, towards both sides.
    """
    if not header:
        raise BadSignature("no Stripe-Signature header")
    if not any(_matches(body, header, secret) for secret in secrets):
        raise BadSignature("no signature matches a signing secret of this endpoint")
    age_seconds = now - _signed_at(header)
    if age_seconds > tolerance_seconds:
        raise BadSignature("the signature's timestamp is too old")
    if age_seconds < -tolerance_seconds:
        raise BadSignature("the signature's timestamp lies in the future")


def _matches(body: bytes, header: str, secret: Secret) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body, header, secret.reveal(), tolerance=None)
    except (stripe.SignatureVerificationError, ValueError, TypeError):
        # ValueError: the body is not UTF-8. TypeError: characters beyond ASCII in the signature.
        return False
    return True


def _signed_at(header: str) -> int:
    """The time in a header that has been verified: the first `t`, which is the one that was signed.

    Shape: read as the SDK reads it, up to a second "=": anything may follow there without breaking the signature.
    """
    return next(int(part.split("=")[1]) for part in header.split(",") if part.startswith("t="))
