"""Check result and status: the answer to one check, one of five."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    """Status of a check: `unknown` could not look, `person` means that no machine can."""

    PASS = "pass"  # noqa: S105 - a check's answer, not a password
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    PERSON = "person"

    @property
    def holds(self) -> bool:
        """Whether a checklist may count this item as done."""
        return self in (CheckStatus.PASS, CheckStatus.WARN)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Result of one check.

    Shape: `id` is stable, `evidence` what was seen, `fix` what to do when it does not hold.
    """

    id: str
    status: CheckStatus
    title: str
    evidence: str
    fix: str = ""

    def as_dict(self) -> dict[str, str]:
        """The check as it appears in every JSON document."""
        return {key: str(value) for key, value in asdict(self).items()}
