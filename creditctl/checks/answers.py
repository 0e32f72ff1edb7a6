"""Answers of checks: pass, warn, fail, unknown, person.

Without Stripe, ledger or network, so that the offline checks start fast.
"""

from __future__ import annotations

from dataclasses import dataclass

from creditctl.core.checks import CheckStatus
from creditctl.core.findings import Finding, Severity


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """Answer of a check: a status, what was seen, and what to do when it does not hold."""

    status: CheckStatus
    evidence: str
    fix: str = ""


def passed(evidence: str) -> CheckAnswer:
    """Answer `pass`: it holds."""
    return CheckAnswer(CheckStatus.PASS, evidence)


def warned(evidence: str, fix: str) -> CheckAnswer:
    """Answer `warn`: it holds, but somebody should look at something."""
    return CheckAnswer(CheckStatus.WARN, evidence, fix)


def failed(evidence: str, fix: str) -> CheckAnswer:
    """Answer `fail`: it does not hold."""
    return CheckAnswer(CheckStatus.FAIL, evidence, fix)


def unknown(evidence: str, fix: str) -> CheckAnswer:
    """Answer `unknown`: it could not be looked at."""
    return CheckAnswer(CheckStatus.UNKNOWN, evidence, fix)


def person(evidence: str, fix: str) -> CheckAnswer:
    """Answer `person`: no call can prove it."""
    return CheckAnswer(CheckStatus.PERSON, evidence, fix)


def findings_to_answer(findings: list[Finding], nothing: str) -> CheckAnswer:
    """Sums findings up as one answer: critical and high fail, medium and low warn, notes pass."""
    worst = min((finding.severity.rank for finding in findings), default=None)
    if worst is None:
        return passed(nothing)
    evidence = "; ".join(f"{finding.subject}: {finding.message}" for finding in findings)
    if worst == Severity.INFO.rank:
        return passed(evidence)
    status = CheckStatus.FAIL if worst <= Severity.HIGH.rank else CheckStatus.WARN
    return CheckAnswer(status, evidence, findings[0].fix)
