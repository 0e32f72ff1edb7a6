"""Finding and severity: a thing that is true and unwelcome, as a value."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


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

    def as_dict(self) -> dict[str, str]:
        """The finding as it appears in every JSON document."""
        return {key: str(value) for key, value in asdict(self).items()}


def sort_findings(findings: list[Finding]) -> list[Finding]:
    """Sorts findings: worst first, then by code and subject, so that two runs print the same."""
    return sorted(findings, key=lambda finding: (finding.severity.rank, finding.code, finding.subject))
