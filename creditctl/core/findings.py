"""Finding and severity: a thing that is true and unwelcome, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from creditctl.core.money import format_amount
from creditctl.core.text import plural, storable, storage_fault


class Severity(StrEnum):
    """Severity of a finding, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst; sorts findings."""
        return list(Severity).index(self)


class Direction(StrEnum):
    """Direction of a stake: whether somebody has too many credits, or too few."""

    OVER = "over"
    UNDER = "under"

    @staticmethod
    def of(difference: int) -> Direction:
        """The direction of what is there, less what should be."""
        return Direction.OVER if difference > 0 else Direction.UNDER


@dataclass(frozen=True, slots=True)
class Stake:
    """Stake of a finding: how many credits, and how much money, are in the wrong place; never negative.

    Shape: `direction` of a finding that has two under one code, None else or where it is not known; two that are as
           large are equal.
    Units: `amount` is what these credits cost, or what was paid, in minor units of `currency`.
    """

    credits: int = 0
    amount: int = 0
    currency: str | None = None
    direction: Direction | None = field(default=None, compare=False)

    def covers(self, other: Stake) -> bool:
        """Whether another stake of the same finding is no larger: in credits, in money, and in the same direction.

        Shape: money of another currency is larger, whatever its number. Where credits had no price, they alone count.
        """
        if other.credits > self.credits or self._contradicts(other):
            return False
        if not other.amount:
            return True
        if self.currency is None:
            return other.credits > 0
        return other.currency == self.currency and other.amount <= self.amount

    def _contradicts(self, other: Stake) -> bool:
        known = self.direction is not None and other.direction is not None and (other.credits or other.amount)
        return bool(known) and self.direction is not other.direction

    @property
    def words(self) -> str:
        """The stake in a sentence's words; with its direction where it has one."""
        credits = plural(self.credits, "credit")
        if self.credits and self.direction is not None:
            credits = f"{credits} too {'many' if self.direction is Direction.OVER else 'few'}"
        money = format_amount(self.amount, self.currency) if self.amount and self.currency else ""
        if not money:
            return credits
        return f"{credits} ({money})" if self.credits else money

    def as_dict(self) -> dict[str, object]:
        """The stake as it appears in JSON documents."""
        return {"credits": self.credits, "amount": self.amount, "currency": self.currency}


@dataclass(frozen=True, slots=True)
class Finding:
    """Finding: something true and unwelcome, with a fix.

    Shape: `code` is a stable dotted slug, `subject` the id or place it is about, `fix` what to do about it. Of a
           payment `stake` says how much it is about, `evidence` names the objects and entries that prove it.
    """

    code: str
    severity: Severity
    subject: str
    message: str
    fix: str = ""
    stake: Stake | None = None
    evidence: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # A finding is kept and recognised by its subject; a stranger's text in it may be one that no database holds.
        for name in ("subject", "message", "fix"):
            text = getattr(self, name)
            if storage_fault(text):
                object.__setattr__(self, name, storable(text))

    def as_dict(self) -> dict[str, object]:
        """The finding as it appears in every JSON document; stake and evidence where it has them."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "subject": self.subject,
            "message": self.message,
            "fix": self.fix,
            **({} if self.stake is None else {"at_stake": self.stake.as_dict()}),
            **({"evidence": list(self.evidence)} if self.evidence else {}),
        }


_AnyFinding = TypeVar("_AnyFinding", bound=Finding)


def sort_findings(findings: list[_AnyFinding]) -> list[_AnyFinding]:
    """Sorts findings: worst first, then by code and subject, so that two runs print the same."""
    return sorted(findings, key=lambda finding: (finding.severity.rank, finding.code, finding.subject))
