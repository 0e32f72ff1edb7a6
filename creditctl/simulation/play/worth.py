"""Worth of what was bought: the balances that a correct backend may show under the declared policy (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from creditctl.core.catalog import Package
from creditctl.simulation.policy import BackendPolicy, NegativePolicy, RoundingPolicy, SimulatedDisputes

_LOST, _WON, _INQUIRY = "lost", ("won", "warning_closed"), "warning_"


@dataclass
class SimulatedDispute:
    """One dispute as Stripe has it. Units: amount in minor units."""

    amount: int
    status: str

    def held(self, policy: SimulatedDisputes) -> frozenset[int]:
        """The amounts that it may take now; several where the policy does not say when."""
        if policy is SimulatedDisputes.NEVER or self.status in _WON or self.status.startswith(_INQUIRY):
            return frozenset({0})
        if self.status == _LOST or policy is SimulatedDisputes.AT_OPENING:
            return frozenset({self.amount})
        if policy is SimulatedDisputes.AT_LOSS:
            return frozenset({0})
        return frozenset({0, self.amount})


@dataclass
class Bought:
    """One session of a scenario, and what Stripe knows of its payment.

    Shape:  `gives` are the credits that it may give once paid: one number as a rule, several where the policy leaves
            it open. `refunds` maps a refund's id to its amount while it is active. `pending` while a bank has not
            answered yet.
    Units:  `charged` in minor units.
    """

    session_id: str
    package: Package
    user: int
    gives: frozenset[int]
    paid: bool = False
    charged: int = 0
    payment_intent: str = ""
    own: bool = False
    refunds: dict[str, int] = field(default_factory=dict)
    failed_refunds: int = 0
    disputes: dict[str, SimulatedDispute] = field(default_factory=dict)
    pending: bool = False

    def worth(self, policy: BackendPolicy) -> frozenset[int]:
        """The credits that it may be worth now."""
        if not self.paid:
            return frozenset({0})
        returned = sum(self.refunds.values())
        held = _sums(fact.held(policy.disputes) for fact in self.disputes.values())
        return frozenset(
            credits - taken
            for credits in self.gives
            for amount in held
            for taken in _shares(credits, min(self.charged, returned + amount), self.charged, policy.rounding)
        )


def _shares(credits: int, returned: int, charged: int, rounding: RoundingPolicy) -> set[int]:
    """The share of the credits that may be taken for what was returned; a zero-amount purchase has nothing to take."""
    if charged == 0 or returned == 0:
        return {0}
    down, rest = divmod(credits * returned, charged)
    up = down + (1 if rest else 0)
    by_rule = {
        RoundingPolicy.DOWN: {down},
        RoundingPolicy.UP: {up},
        RoundingPolicy.NEAREST: {up if 2 * rest >= charged else down},
    }
    return by_rule.get(rounding, {down, up})


def _sums(choices: Iterable[frozenset[int]]) -> frozenset[int]:
    """Every sum of one number out of each set."""
    sums = {0}
    for choice in choices:
        sums = {before + number for before in sums for number in choice}
    return frozenset(sums)


def acceptable_balances(bought: Iterable[Bought], policy: BackendPolicy, *, start: int, spent: int) -> frozenset[int]:
    """The balances that one user may have: the start, what was bought is worth, less what was spent."""
    sums = {start - spent + total for total in _sums(each.worth(policy) for each in bought)}
    if policy.negative is NegativePolicy.ALLOWED:
        return frozenset(sums)
    clamped = {max(0, total) for total in sums}
    return frozenset(clamped if policy.negative is NegativePolicy.CLAMPED else sums | clamped)
