"""Finding and severity: a thing that is true and unwelcome, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar


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


@dataclass(frozen=True, slots=True)
class Stake:
    """Stake of a finding: how many credits, and how much money, are in the wrong place; never negative.

    Units: `amount` is what these credits cost, or what was paid, in minor units of `currency`.
    """

    credits: int = 0
    amount: int = 0
    currency: str | None = None

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
