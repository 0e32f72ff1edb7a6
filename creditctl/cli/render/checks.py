"""Answers of checks for people: one item a paragraph, its status in words, then what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from creditctl.core.checks import CheckResult, CheckStatus
from creditctl.core.errors import ExitCode
from creditctl.core.findings import Finding, Severity

if TYPE_CHECKING:
    from creditctl.checks.checked_item import CheckedItem
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


_MOST_NEXT = 3


def show_checklist(console: Console, items: Sequence[CheckedItem], *, stage: str, left_out: int) -> None:
    """The checklist by group, each item with what was seen; at its end "ready", or what to run next.

    Shape: `left_out` counts the required items that were not asked for.
    """
    console.print(f"Production checklist: {stage}")
    for group in dict.fromkeys(item.check.group for item in items):
        console.print(group, style="bold")
        for item in items:
            if item.check.group == group:
                _show_item(console, item)
    missing = [item.result for item in items if not item.holds]
    required = sum(item.required for item in items)
    console.print(f"{required - len(missing)} of {required} required items hold, and {_advice(items)}.")
    for line in _ending(missing, stage, left_out):
        console.print(line)


def _advice(items: Sequence[CheckedItem]) -> str:
    others = [item for item in items if not item.required]
    return f"{sum(item.result.status.holds for item in others)} of {len(others)} that are not required here"


def _show_item(console: Console, item: CheckedItem) -> None:
    result = item.result
    mark, style = ("[x]" if result.status.holds else "[ ]"), _STYLES[result.status]
    words = _WORDS[result.status] + ("" if item.required or result.status.holds else ", not required here")
    console.line(f"{mark} {result.title}  ", (words, style if item.required else "dim"))
    console.print(f"      {result.evidence}")
    if result.fix and result.status is not CheckStatus.PASS:
        console.print(f"      -> {result.fix}", style="dim")


def _ending(missing: Sequence[CheckResult], stage: str, left_out: int) -> list[str]:
    if not missing and left_out:
        return [f"What was looked at holds; {left_out} required items were left out, so it does not say ready."]
    if not missing:
        return [f"Ready ({stage}). Next: creditctl reconcile, in cron."]
    # What is proven wrong comes before what could not be looked at, and that before what needs a person.
    ranked = sorted(missing, key=lambda result: _ORDER.index(result.status))
    steps = list(dict.fromkeys(result.fix or f"See {result.id}." for result in ranked))[:_MOST_NEXT]
    return ["Next:", *(f"  {number}. {step}" for number, step in enumerate(steps, 1))]


_ORDER = (CheckStatus.FAIL, CheckStatus.UNKNOWN, CheckStatus.PERSON, CheckStatus.WARN, CheckStatus.PASS)


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
