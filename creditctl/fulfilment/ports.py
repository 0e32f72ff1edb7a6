"""Interfaces of the webhook: its reads from Stripe of what an event leaves out, and the ledger that it writes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from creditctl.ledger.transaction import LedgerTransaction

from creditctl.payments.price_origins import PriceReads


class StripeReads(PriceReads, Protocol):
    """Reads of what an event leaves out, as plain data. Errors: a CreditctlError when the answer is not had in full."""

    def line_items(self, session_id: str) -> Sequence[Mapping[str, Any]]:
        """All line items of a checkout session, each with its price."""

    def refunds(self, charge_id: str) -> Sequence[Mapping[str, Any]]:
        """All refunds of a charge."""

    def charges(self, payment_intent_id: str) -> Sequence[Mapping[str, Any]]:
        """All charges of a payment intent: the attempts to pay it."""


class LedgerWriter(Protocol):
    """The writing half of a ledger; safe to call from several threads."""

    @property
    def account(self) -> str:
        """The account that the ledger belongs to."""

    @property
    def livemode(self) -> bool:
        """Whether it is a live ledger."""

    def transaction(self, wait_seconds: float | None = None) -> AbstractContextManager[LedgerTransaction]:
        """One writing transaction. Errors: LedgerError."""
