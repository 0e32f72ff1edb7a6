"""Stripe reads of the webhook: the interface for what an event leaves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class StripeReads(Protocol):
    """Reads of what an event leaves out, as plain data. Errors: a CreditctlError when the answer is not had in full."""

    def line_items(self, session_id: str) -> Sequence[Mapping[str, Any]]:
        """All line items of a checkout session, each with its price."""

    def refunds(self, charge_id: str) -> Sequence[Mapping[str, Any]]:
        """All refunds of a charge."""

    def charges(self, payment_intent_id: str) -> Sequence[Mapping[str, Any]]:
        """All charges of a payment intent: the attempts to pay it."""
