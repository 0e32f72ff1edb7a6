"""Stripe facts about one payment: values of session and refund that merge in any order.

A refund or a dispute is reported many times: late, twice, out of order, with a resolution of one second. `merge` of
two observations is commutative, associative and idempotent (a join), so that any order of events leaves the same fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from creditctl.core.entitlement.dispute import DisputeFact, FundsObservation, Movement, Observation
from creditctl.core.entitlement.fields import (
    MalformedFact,
    amount_of,
    id_of,
    metadata_of,
    optional_text,
    text,
    whole,
)
from creditctl.core.metadata import is_managed

__all__ = [
    "DisputeFact",
    "Fact",
    "FundsObservation",
    "MalformedFact",
    "Movement",
    "Observation",
    "RefundFact",
    "SessionFacts",
    "amount_of",
    "has_let_go",
    "id_of",
    "text",
    "whole",
]

_REFUND_RANKS = {"pending": 0, "requires_action": 1, "succeeded": 2, "canceled": 3, "failed": 4}
"""A refund only moves to the right. Source: Stripe API reference, "The Refund object", status."""


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """A checkout session as far as credits depend on it.

    Shape:  `invoice` is the one that Checkout made for it (`invoice_creation`), by which an application may call it.
    Units:  amounts in minor units of `currency`, `created` in Unix seconds.
    Source: Stripe API reference, "The Checkout Session object".
    """

    id: str
    status: str | None
    payment_status: str | None
    mode: str
    amount_subtotal: int
    amount_total: int
    currency: str
    payment_intent: str | None
    client_reference_id: str | None
    metadata: Mapping[str, str]
    livemode: bool
    created: int
    invoice: str | None = None

    @property
    def payment_key(self) -> str:
        """What names the payment in the ledger: the payment intent, or the session where there is none."""
        return self.payment_intent or self.id

    @property
    def managed(self) -> bool:
        """Whether the session says of itself that it is ours."""
        return is_managed(self.metadata)

    @classmethod
    def from_stripe(cls, data: Mapping[str, Any], told_at: int | None = None) -> SessionFacts:
        """The facts in a session as the API or an event shows it.

        Shape:  `told_at` is the time of the event, for a session that does not say when it was made.
        Errors: MalformedFact.
        Source: public reports of events from before November 2022, whose sessions have no `created`.
        """
        mode = optional_text(data, "mode") or "payment"
        sells = mode == "payment"  # a setup session has neither amounts nor a currency
        return cls(
            id=text(data, "id"),
            status=optional_text(data, "status"),
            payment_status=optional_text(data, "payment_status"),
            mode=mode,
            amount_subtotal=amount_of(data, "amount_subtotal") if sells else 0,
            amount_total=amount_of(data, "amount_total") if sells else 0,
            currency=text(data, "currency").lower() if sells else "",
            payment_intent=id_of(data.get("payment_intent")),
            client_reference_id=optional_text(data, "client_reference_id"),
            metadata=metadata_of(data),
            livemode=data.get("livemode") is True,
            created=told_at if told_at is not None and data.get("created") is None else whole(data, "created"),
            invoice=id_of(data.get("invoice")),
        )


@dataclass(frozen=True, slots=True)
class RefundFact:
    """One refund: it counts in full unless it failed or was canceled.

    Units:  amount in minor units; `created` is the refund's time, `observed` the time of the latest observation.
    Source: Stripe API reference, "The Refund object".
    """

    kind: ClassVar[str] = "refund"

    object_id: str
    payment_key: str
    charge_id: str | None
    amount: int
    currency: str
    status: str
    created: int
    observed: int

    @property
    def counted(self) -> int:
        """How much of the payment it takes back."""
        return 0 if self.status in ("canceled", "failed") else self.amount

    @classmethod
    def from_stripe(cls, data: Mapping[str, Any], observed: int) -> RefundFact | None:
        """The refund that an object describes, or None where it belongs to no payment intent, so to no session.

        Errors: MalformedFact.
        """
        payment_intent = id_of(data.get("payment_intent"))
        if payment_intent is None:
            return None
        return cls(
            object_id=text(data, "id"),
            payment_key=payment_intent,
            charge_id=id_of(data.get("charge")),
            amount=amount_of(data, "amount"),
            currency=text(data, "currency").lower(),
            status=optional_text(data, "status") or "succeeded",
            created=whole(data, "created"),
            observed=observed,
        )

    def merge(self, other: RefundFact) -> RefundFact:
        """Merges two observations of this refund: the status that is further on, whenever it was reported."""
        latest = max(self, other, key=RefundFact._order)
        return replace(latest, observed=max(self.observed, other.observed))

    def _order(self) -> tuple[int, str, int, str, int, str]:
        rank = _REFUND_RANKS.get(self.status, 0)
        return (rank, self.status, self.amount, self.currency, self.created, self.charge_id or "")


Fact = RefundFact | DisputeFact
"""Something that takes back part of a payment."""


def has_let_go(fact: Fact) -> bool:
    """Whether a refund or dispute took money that it has given back: it failed, was canceled, or was reinstated."""
    if isinstance(fact, RefundFact):
        return not fact.counted
    return fact.reinstated
