"""Policy of a backend under test: what its owner decided, so that no style is taken for a defect."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

from creditctl.core.errors import UsageError


class NegativePolicy(StrEnum):
    """What becomes of a balance from which more is taken than there is."""

    ALLOWED = "allowed"
    CLAMPED = "clamped"
    UNSAID = "unsaid"


class SimulatedDisputes(StrEnum):
    """When a dispute takes credits. Where nothing is said, only its end is judged."""

    AT_OPENING = "at_opening"
    AT_LOSS = "at_loss"
    NEVER = "never"
    UNSAID = "unsaid"


class RoundingPolicy(StrEnum):
    """Which way the credits of a partial clawback are rounded."""

    DOWN = "down"
    UP = "up"
    NEAREST = "nearest"
    UNSAID = "unsaid"


class DiscountPolicy(StrEnum):
    """What a discounted purchase gives: all credits, the share that was paid, or none (not offered)."""

    FULL = "full"
    PROPORTIONAL = "proportional"
    REFUSED = "refused"
    UNSAID = "unsaid"


class OfferPolicy(StrEnum):
    """Whether something is offered to buyers."""

    OFFERED = "offered"
    NOT_OFFERED = "not_offered"
    UNSAID = "unsaid"


@dataclass(frozen=True, slots=True)
class BackendPolicy:
    """The policy as declared; `unsaid` accepts every usual choice."""

    negative: NegativePolicy = NegativePolicy.UNSAID
    disputes: SimulatedDisputes = SimulatedDisputes.UNSAID
    rounding: RoundingPolicy = RoundingPolicy.UNSAID
    discounts: DiscountPolicy = DiscountPolicy.UNSAID
    delayed: OfferPolicy = OfferPolicy.UNSAID
    quantity: OfferPolicy = OfferPolicy.UNSAID


_CHOICES: dict[str, type[StrEnum]] = {
    "negative": NegativePolicy,
    "disputes": SimulatedDisputes,
    "rounding": RoundingPolicy,
    "discounts": DiscountPolicy,
    "delayed": OfferPolicy,
    "quantity": OfferPolicy,
}
POLICY_WORDS = {name: tuple(str(word) for word in words) for name, words in _CHOICES.items()}
"""What each line of a policy may say."""


def parse_policy(texts: dict[str, str]) -> BackendPolicy:
    """Parses a policy from words, such as `disputes` → `at_loss`. Errors: UsageError naming what may be said."""
    known = {place.name for place in fields(BackendPolicy)}
    for name, word in texts.items():
        if name not in known or word not in POLICY_WORDS[name]:
            choices = "; ".join(f"{key}={'|'.join(words)}" for key, words in POLICY_WORDS.items())
            raise UsageError(f"{name}={word} is no policy.", code="simulate.policy", fix=f"Write one of {choices}.")
    return BackendPolicy(**{name: _CHOICES[name](word) for name, word in texts.items()})  # type: ignore[arg-type]
