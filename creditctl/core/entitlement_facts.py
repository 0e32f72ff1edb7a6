"""What Stripe says about one payment, as values that do not depend on the order in which it was said.

A refund or a dispute is heard of many times: late, twice, out of order, with a resolution of one second. `merge` of
two tellings is commutative, associative and idempotent (a join), so that any order of events leaves the same fact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

_REFUND_RANKS = {"pending": 0, "requires_action": 1, "succeeded": 2, "canceled": 3, "failed": 4}
"""A refund only moves to the right. Source: Stripe API reference, "The Refund object", status."""

_DISPUTE_STATUSES = (
    "warning_needs_response",
    "warning_under_review",
    "warning_closed",
    "prevented",
    "needs_response",
    "under_review",
    "lost",
    "appeal_needs_response",
    "appeal_under_review",
    "won",
)
_DISPUTE_RANKS = {status: rank for rank, status in enumerate(_DISPUTE_STATUSES)}
"""Decides between two tellings of one second. Source: Stripe API reference, "The Dispute object", status."""

_CHARGEBACK_STATUSES = frozenset(
    ("needs_response", "under_review", "lost", "appeal_needs_response", "appeal_under_review")
)
"""Statuses in which the disputed amount has been withdrawn. Source: Stripe documentation, "How disputes work"."""

MANAGED_BY = "creditctl"
"""The value of `managed_by` in the metadata of everything that is ours on Stripe."""


class MalformedFact(ValueError):
    """An object that lacks what every such object of Stripe's has."""


def whole(data: Mapping[str, Any], key: str) -> int:
    """The whole number under a key.

    Errors: MalformedFact if it is absent or anything but a whole number.
    """
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise MalformedFact(f"{key} of a {data.get('object', 'Stripe object')} is not a whole number")
    return value


def text(data: Mapping[str, Any], key: str) -> str:
    """The text under a key.

    Errors: MalformedFact if it is absent or empty.
    """
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise MalformedFact(f"{key} of a {data.get('object', 'Stripe object')} is missing")
    return value


def id_of(value: object) -> str | None:
    """The id in a field that holds an id, an expanded object or null."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if isinstance(value, str) and value else None


def _metadata(data: Mapping[str, Any]) -> Mapping[str, str]:
    found = data.get("metadata")
    return found if isinstance(found, Mapping) else {}


def _optional_text(data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    return value if isinstance(value, str) and value else None


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """A checkout session as far as credits depend on it.

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

    @property
    def payment_key(self) -> str:
        """What names the payment in the ledger: the payment intent, or the session where there is none."""
        return self.payment_intent or self.id

    @property
    def managed(self) -> bool:
        """Whether the session says of itself that it is ours."""
        return self.metadata.get("managed_by") == MANAGED_BY

    @classmethod
    def from_stripe(cls, data: Mapping[str, Any]) -> SessionFacts:
        """The facts in a session as the API or an event shows it.

        Errors: MalformedFact.
        """
        mode = _optional_text(data, "mode") or "payment"
        sells = mode == "payment"  # a setup session has neither amounts nor a currency
        return cls(
            id=text(data, "id"),
            status=_optional_text(data, "status"),
            payment_status=_optional_text(data, "payment_status"),
            mode=mode,
            amount_subtotal=whole(data, "amount_subtotal") if sells else 0,
            amount_total=whole(data, "amount_total") if sells else 0,
            currency=text(data, "currency").lower() if sells else "",
            payment_intent=id_of(data.get("payment_intent")),
            client_reference_id=_optional_text(data, "client_reference_id"),
            metadata=_metadata(data),
            livemode=data.get("livemode") is True,
            created=whole(data, "created"),
        )


@dataclass(frozen=True, slots=True)
class PriceFacts:
    """A price, current or archived; what ours sold stands in its metadata for ever.

    Source: Stripe API reference, "The Price object".
    """

    id: str
    unit_amount: int | None
    currency: str
    metadata: Mapping[str, str]

    @property
    def ours(self) -> bool:
        """Whether the price was made by creditctl."""
        return self.metadata.get("managed_by") == MANAGED_BY

    @property
    def package(self) -> str | None:
        """The slug of the package that it sells."""
        return self.metadata.get("package") or None

    @property
    def credits(self) -> int | None:
        """How many credits it sells; None where its metadata does not say."""
        return positive_count(self.metadata.get("credits"))


def positive_count(value: str | None) -> int | None:
    """The count in a metadata value, or None if it is not one in plain digits."""
    if value is None or not (value.isascii() and value.isdigit() and len(value) <= 12):
        return None
    return int(value) or None


@dataclass(frozen=True, slots=True)
class LineItem:
    """One line of a checkout session. Source: Stripe API reference, "Retrieve a Checkout Session's line items"."""

    quantity: int
    amount_subtotal: int
    currency: str
    price: PriceFacts | None

    @classmethod
    def from_stripe(cls, data: Mapping[str, Any]) -> LineItem:
        """The facts in one line item.

        Errors: MalformedFact.
        """
        price = data.get("price")
        return cls(
            quantity=whole(data, "quantity") if data.get("quantity") is not None else 1,
            amount_subtotal=whole(data, "amount_subtotal"),
            currency=text(data, "currency").lower(),
            price=_price(price) if isinstance(price, Mapping) else None,
        )


def _price(data: Mapping[str, Any]) -> PriceFacts:
    return PriceFacts(
        id=text(data, "id"),
        unit_amount=whole(data, "unit_amount") if data.get("unit_amount") is not None else None,
        currency=text(data, "currency").lower(),
        metadata=_metadata(data),
    )


@dataclass(frozen=True, slots=True)
class RefundFact:
    """One refund: it counts in full unless it failed or was canceled.

    Units:  amount in minor units; `created` is the refund's time, `observed` the time of the latest telling.
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
            amount=whole(data, "amount"),
            currency=text(data, "currency").lower(),
            status=_optional_text(data, "status") or "succeeded",
            created=whole(data, "created"),
            observed=observed,
        )

    def merge(self, other: RefundFact) -> RefundFact:
        """What two tellings of this refund say together: the status that is further on, whenever it was told."""
        latest = max(self, other, key=RefundFact._order)
        return replace(latest, observed=max(self.observed, other.observed))

    def _order(self) -> tuple[int, str, int, str, int, str]:
        rank = _REFUND_RANKS.get(self.status, 0)
        return (rank, self.status, self.amount, self.currency, self.created, self.charge_id or "")


@dataclass(frozen=True, slots=True, order=True)
class Movement:
    """Money that a dispute moved: negative when it was withdrawn, positive when it was reinstated."""

    id: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True, order=True)
class Telling:
    """What one event said, ordered by its time; `rank` decides within a second."""

    at: int
    rank: int
    status: str
    amount: int


@dataclass(frozen=True, slots=True, order=True)
class Statement:
    """Whether the funds were withdrawn, as one event said it without showing the movement."""

    at: int
    rank: int
    held: bool


@dataclass(frozen=True, slots=True)
class DisputeFact:
    """One dispute: it counts as far as it holds funds.

    Shape:  `movements` is the union of all balance transactions ever shown; a later list contains the earlier one.
            `statement` stands in for them where no event has shown any.
    Source: Stripe API reference, "The Dispute object", balance_transactions: "zero, one, or two" of them, more after
            an appeal; the types of event, "charge.dispute.funds_withdrawn" and "charge.dispute.funds_reinstated".
    """

    kind: ClassVar[str] = "dispute"

    object_id: str
    payment_key: str
    charge_id: str | None
    currency: str
    created: int
    observed: int
    telling: Telling
    movements: tuple[Movement, ...] = ()
    statement: Statement | None = None

    @property
    def amount(self) -> int:
        """The disputed amount."""
        return self.telling.amount

    @property
    def status(self) -> str:
        """The status that was told last."""
        return self.telling.status

    @property
    def counted(self) -> int:
        """The funds it holds. An inquiry holds none until they are withdrawn; what is reinstated is held no more."""
        if self.movements:
            return self._held_by_movements()
        return self.amount if self.statement is not None and self.statement.held else 0

    def _held_by_movements(self) -> int:
        withdrawals = [move for move in self.movements if move.amount < 0]
        reinstatements = [move for move in self.movements if move.amount > 0]
        if self.status == "won" and len(withdrawals) == 1 and not reinstatements:
            return 0  # `closed` may come before `funds_reinstated` shows the movement back
        if any(move.currency != self.currency for move in self.movements):
            # Movements are in the account's currency, at two days' rates: only their number compares.
            return self.amount if len(withdrawals) > len(reinstatements) else 0
        return max(0, -sum(move.amount for move in self.movements))

    @classmethod
    def from_stripe(cls, data: Mapping[str, Any], observed: int, event_type: str | None = None) -> DisputeFact | None:
        """The dispute that an object describes, or None where it belongs to no payment intent, so to no session.

        Shape:  `event_type` is the type of the event that it came in, None when it was read from the API.
        Errors: MalformedFact.
        """
        payment_intent = id_of(data.get("payment_intent"))
        if payment_intent is None:
            return None
        status = text(data, "status")
        telling = Telling(observed, _DISPUTE_RANKS.get(status, 0), status, whole(data, "amount"))
        shown = _movements(data.get("balance_transactions"))
        return cls(
            object_id=text(data, "id"),
            payment_key=payment_intent,
            charge_id=id_of(data.get("charge")),
            currency=text(data, "currency").lower(),
            created=whole(data, "created"),
            observed=observed,
            telling=telling,
            movements=shown or (),
            statement=_statement(telling, event_type, shown is not None),
        )

    def merge(self, other: DisputeFact) -> DisputeFact:
        """What two tellings of this dispute say together."""
        newest = max(self, other, key=DisputeFact._order)
        statements = [known.statement for known in (self, other) if known.statement is not None]
        return replace(
            newest,
            observed=max(self.observed, other.observed),
            telling=max(self.telling, other.telling),
            movements=_union(self.movements, other.movements),
            statement=max(statements, default=None),
        )

    def _order(self) -> tuple[str, int, str, str]:
        """Over what never differs between two tellings, so that even a false one merges in any order."""
        return (self.currency, self.created, self.charge_id or "", self.payment_key)


Fact = RefundFact | DisputeFact
"""Something that takes back part of a payment."""


def _statement(telling: Telling, event_type: str | None, list_shown: bool) -> Statement | None:
    """What an event says of the funds; the ranks let "reinstated" win within a second."""
    if event_type == "charge.dispute.funds_withdrawn":
        return Statement(telling.at, 1, True)
    if event_type == "charge.dispute.funds_reinstated":
        return Statement(telling.at, 3, False)
    if telling.status == "won":
        return Statement(telling.at, 2, False)
    if telling.status in _CHARGEBACK_STATUSES and not list_shown:
        return Statement(telling.at, 0, True)
    return None


def _movements(shown: object) -> tuple[Movement, ...] | None:
    """The balance transactions of a dispute, or None where they are not shown (absent, or ids only)."""
    if not isinstance(shown, Sequence) or not all(isinstance(each, Mapping) for each in shown):
        return None
    found = [Movement(text(each, "id"), whole(each, "amount"), text(each, "currency").lower()) for each in shown]
    return tuple(sorted(move for move in found if move.amount))


def _union(mine: tuple[Movement, ...], theirs: tuple[Movement, ...]) -> tuple[Movement, ...]:
    latest = {move.id: move for move in sorted((*mine, *theirs))}
    return tuple(sorted(latest.values()))
