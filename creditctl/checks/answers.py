"""What a check may answer; without Stripe, ledger or network, so that the offline checks start fast."""

from __future__ import annotations

from dataclasses import dataclass

from creditctl.core.checks import Status
from creditctl.core.findings import Finding, Severity


@dataclass(frozen=True, slots=True)
class Answer:
    """What a check says: a status, what was seen, and what to do when it does not hold."""

    status: Status
    evidence: str
    fix: str = ""


def passed(evidence: str) -> Answer:
    """It holds."""
    return Answer(Status.PASS, evidence)


def warned(evidence: str, fix: str) -> Answer:
    """It holds, but somebody should look at something."""
    return Answer(Status.WARN, evidence, fix)


def failed(evidence: str, fix: str) -> Answer:
    """It does not hold."""
    return Answer(Status.FAIL, evidence, fix)


def unknown(evidence: str, fix: str) -> Answer:
    """It could not be looked at."""
    return Answer(Status.UNKNOWN, evidence, fix)


def person(evidence: str, fix: str) -> Answer:
    """No call can prove it."""
    return Answer(Status.PERSON, evidence, fix)


def answer_to_findings(findings: list[Finding], nothing: str) -> Answer:
    """Findings as one answer: critical and high fail, medium and low warn, notes pass."""
    worst = min((finding.severity.rank for finding in findings), default=None)
    if worst is None:
        return passed(nothing)
    evidence = "; ".join(f"{finding.subject}: {finding.message}" for finding in findings)
    if worst == Severity.INFO.rank:
        return passed(evidence)
    status = Status.FAIL if worst <= Severity.HIGH.rank else Status.WARN
    return Answer(status, evidence, findings[0].fix)
