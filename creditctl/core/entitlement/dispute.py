"""Dispute facts: the funds that one dispute holds, merged from observations in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from creditctl.core.entitlement.fields import amount_of, id_of, text, whole

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
"""Decides between two observations of one second. Source: Stripe API reference, "The Dispute object", status."""

_CHARGEBACK_STATUSES = frozenset(
    ("needs_response", "under_review", "lost", "appeal_needs_response", "appeal_under_review")
)
"""Statuses in which the disputed amount has been withdrawn. Source: Stripe documentation, "How disputes work"."""

FUNDS_WITHDRAWN_TYPE = "charge.dispute.funds_withdrawn"
FUNDS_REINSTATED_TYPE = "charge.dispute.funds_reinstated"
"""The two types that say by themselves whether a dispute holds the funds."""


@dataclass(frozen=True, slots=True, order=True)
class Movement:
    """Money that a dispute moved: negative when it was withdrawn, positive when it was reinstated."""

    id: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True, order=True)
class Observation:
    """What one event said, ordered by its time; `rank` decides within a second."""

    at: int
    rank: int
    status: str
    amount: int


@dataclass(frozen=True, slots=True, order=True)
class FundsObservation:
    """Whether the funds were withdrawn, as one event said it without showing the movement."""

    at: int
    rank: int
    held: bool


@dataclass(frozen=True, slots=True)
class DisputeFact:
    """One dispute: it counts as far as it holds funds.

    Shape:  `movements` is the union of all balance transactions ever shown; a later list contains the earlier one.
            `funds_observation` stands in for them where no event has shown any.
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
    observation: Observation
    movements: tuple[Movement, ...] = ()
    funds_observation: FundsObservation | None = None

    @property
    def amount(self) -> int:
        """The disputed amount."""
        return self.observation.amount

    @property
    def status(self) -> str:
        """The status that was reported last."""
        return self.observation.status

    @property
    def counted(self) -> int:
        """The funds it holds. An inquiry holds none until they are withdrawn; what is reinstated is held no more."""
        if self.movements:
            return self._held_by_movements()
        return self.amount if self.funds_observation is not None and self.funds_observation.held else 0

    @property
    def reinstated(self) -> bool:
        """Whether funds came back, as a movement, an event or its end says; an inquiry has none to come back."""
        told = self.funds_observation is not None and not self.funds_observation.held
        return told or self.status == "won" or any(move.amount > 0 for move in self.movements)

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
        observation = Observation(observed, _DISPUTE_RANKS.get(status, 0), status, amount_of(data, "amount"))
        shown = _movements(data.get("balance_transactions"))
        return cls(
            object_id=text(data, "id"),
            payment_key=payment_intent,
            charge_id=id_of(data.get("charge")),
            currency=text(data, "currency").lower(),
            created=whole(data, "created"),
            observed=observed,
            observation=observation,
            movements=shown or (),
            funds_observation=_funds_observation(observation, event_type, shown is not None),
        )

    def merge(self, other: DisputeFact) -> DisputeFact:
        """What two observations of this dispute say together."""
        newest = max(self, other, key=DisputeFact._order)
        funds_observations = [known.funds_observation for known in (self, other) if known.funds_observation is not None]
        return replace(
            newest,
            observed=max(self.observed, other.observed),
            observation=max(self.observation, other.observation),
            movements=_union(self.movements, other.movements),
            funds_observation=max(funds_observations, default=None),
        )

    def _order(self) -> tuple[str, int, str, str]:
        """Over what never differs between two observations, so that even a false one merges in any order."""
        return (self.currency, self.created, self.charge_id or "", self.payment_key)


def _funds_observation(observation: Observation, event_type: str | None, list_shown: bool) -> FundsObservation | None:
    """What an event says of the funds; the ranks let "reinstated" win within a second."""
    if event_type == FUNDS_WITHDRAWN_TYPE:
        return FundsObservation(observation.at, 1, True)
    if event_type == FUNDS_REINSTATED_TYPE:
        return FundsObservation(observation.at, 3, False)
    if observation.status == "won":
        return FundsObservation(observation.at, 2, False)
    if observation.status in _CHARGEBACK_STATUSES and not list_shown:
        return FundsObservation(observation.at, 0, True)
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
