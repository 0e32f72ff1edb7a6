"""Reports of `creditctl checklist` as files: JUnit XML for CI, Markdown for a release ticket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from creditctl.checks.check import LaunchStage
from creditctl.checks.checked_item import CheckedItem, stage_words
from creditctl.cli.report_files.junit import JUnitCase, junit_xml
from creditctl.core.checks import CheckStatus
from creditctl.core.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from creditctl.cli.session import Session


def write_reports(
    session: Session, items: Sequence[CheckedItem], stage: LaunchStage, junit: Path | None, ticket: Path | None
) -> None:
    """Writes what was asked for, each file as a whole and without secrets. Errors: ConfigurationError."""
    from creditctl.cli.report_files.target import replace_report

    if junit is not None:
        text = junit_xml("creditctl checklist", [_junit_case(item) for item in items])
        replace_report(session, junit, text)
    if ticket is not None:
        replace_report(session, ticket, markdown(items, stage))


def _junit_case(item: CheckedItem) -> JUnitCase:
    """An item as CI systems read it: a suite is a group; what fails and is not required is skipped."""
    result = item.result
    case = JUnitCase(item.check.group, result.title, result.id, story=result.fix, log=result.evidence)
    if result.status.holds:
        return case
    if not item.required:
        return replace(case, skipped=result.evidence)
    kind = str(result.status)
    if result.status is CheckStatus.UNKNOWN:
        return replace(case, error=result.evidence, kind=kind)
    return replace(case, failure=result.evidence, kind=kind)


def markdown(items: Sequence[CheckedItem], stage: LaunchStage) -> str:
    """The checklist for a release ticket: a task list by group, each item with what was seen."""
    required = [item for item in items if item.required]
    holding = sum(item.holds for item in required)
    others = sum(item.result.status.holds for item in items if not item.required)
    count = f"{holding} of {len(required)} required items hold, and {others} of {len(items) - len(required)} others."
    lines = [f"## creditctl checklist: {stage_words(stage)}", "", count, ""]
    for group in dict.fromkeys(item.check.group for item in items):
        lines += [f"### {group}", ""]
        for item in items:
            if item.check.group == group:
                lines += list(_task(item))
        lines.append("")
    return "\n".join(lines)


def _task(item: CheckedItem) -> Sequence[str]:
    result = item.result
    mark = "x" if result.status.holds else " "
    lines = [f"- [{mark}] **{_line(result.title)}** ({item.words}; `{result.id}`)", f"  - {_line(result.evidence)}"]
    if result.fix and result.status is not CheckStatus.PASS:
        lines.append(f"  - Next: {_line(result.fix)}")
    return lines


def _line(text: str) -> str:
    """One line that nothing in it can turn into a heading, a link or HTML."""
    flat = printable(" ".join(text.split()), kept="")
    return flat.replace("<", "&lt;").replace("[", "\\[").replace("|", "\\|")
