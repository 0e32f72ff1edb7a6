"""Answers of checks for people: one item a paragraph, its status in words, then what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from creditctl.core.checks import CheckResult, CheckStatus
from creditctl.core.errors import ExitCode
from creditctl.core.findings import Finding, Severity

if TYPE_CHECKING:
    from creditctl.cli.console import Console

_STYLES = {
    CheckStatus.PASS: "green",
    CheckStatus.WARN: "yellow",
    CheckStatus.FAIL: "bold red",
    CheckStatus.UNKNOWN: "magenta",
    CheckStatus.PERSON: "cyan",
}
_WORDS = {
    CheckStatus.PASS: "pass",
    CheckStatus.WARN: "warn",
    CheckStatus.FAIL: "FAIL",
    CheckStatus.UNKNOWN: "unknown",
    CheckStatus.PERSON: "needs a person",
}
_SEVERITIES = {
    CheckStatus.FAIL: Severity.HIGH,
    CheckStatus.UNKNOWN: Severity.MEDIUM,
    CheckStatus.PERSON: Severity.MEDIUM,
}


def show_checks(console: Console, results: Sequence[CheckResult]) -> None:
    """Every answer with what was seen; where it does not plainly hold, with what to do."""
    for result in results:
        mark = "[x]" if result.status.holds else "[ ]"
        style = _STYLES[result.status]
        console.line(f"{mark} {result.title}  ", (_WORDS[result.status], style))
        console.print(f"      {result.evidence}")
        if result.fix and result.status is not CheckStatus.PASS:
            console.print(f"      -> {result.fix}", style="dim")


def exit_code_of(*, holds: bool, incomplete: bool) -> ExitCode:
    """The exit code of a run of checks: what Stripe did not answer is more than a finding, and less than a verdict."""
    if incomplete:
        return ExitCode.UNREACHABLE
    return ExitCode.OK if holds else ExitCode.FINDINGS


def findings_of(results: Sequence[CheckResult]) -> list[Finding]:
    """What does not hold, as findings, for those who read only these; a warning is a low one."""
    return [
        Finding(result.id, _SEVERITIES.get(result.status, Severity.LOW), result.title, result.evidence, result.fix)
        for result in results
        if result.status is not CheckStatus.PASS
    ]
