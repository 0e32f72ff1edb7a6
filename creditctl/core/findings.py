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
class Finding:
    """Finding: something true and unwelcome, with a fix.

    Shape: `code` is a stable dotted slug, `subject` the id or place it is about, `fix` what to do about it.
    """

    code: str
    severity: Severity
    subject: str
    message: str
    fix: str = ""

    def as_dict(self) -> dict[str, object]:
        """The finding as it appears in every JSON document."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "subject": self.subject,
            "message": self.message,
            "fix": self.fix,
        }


_AnyFinding = TypeVar("_AnyFinding", bound=Finding)


def sort_findings(findings: list[_AnyFinding]) -> list[_AnyFinding]:
    """Sorts findings: worst first, then by code and subject, so that two runs print the same."""
    return sorted(findings, key=lambda finding: (finding.severity.rank, finding.code, finding.subject))
