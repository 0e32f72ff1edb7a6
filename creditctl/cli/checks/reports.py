"""Reports of `creditctl checklist` as files: JUnit XML for CI, Markdown for a release ticket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from creditctl.checks.check import LaunchStage
from creditctl.checks.checked_item import CheckedItem, stage_words
from creditctl.core.checks import CheckStatus

if TYPE_CHECKING:
    from pathlib import Path

    from junitparser import TestCase

    from creditctl.cli.session import Session


def write_reports(
    session: Session, items: Sequence[CheckedItem], stage: LaunchStage, junit: Path | None, ticket: Path | None
) -> None:
    """Writes what was asked for, each file as a whole and without secrets. Errors: OSError."""
    from creditctl.atomic_file import replace_file

    folder, redact = session.wiring.folder, session.wiring.redactor.redact
    if junit is not None:
        replace_file(folder / junit, redact(junit_xml(items)).encode())
    if ticket is not None:
        replace_file(folder / ticket, redact(markdown(items, stage)).encode())


def junit_xml(items: Sequence[CheckedItem]) -> str:
    """The items as CI systems read them: a suite a group, a case an item; what is not required here is skipped."""
    from junitparser import JUnitXml, TestSuite

    document = JUnitXml("creditctl checklist")
    for group in dict.fromkeys(item.check.group for item in items):
        part = TestSuite(group)
        for item in items:
            if item.check.group == group:
                part.add_testcase(_case(item))
        document.add_testsuite(part)
    document.update_statistics()  # type: ignore[no-untyped-call]
    text = document.tostring()  # type: ignore[no-untyped-call]
    return text.decode() if isinstance(text, bytes) else str(text)


def _case(item: CheckedItem) -> TestCase:
    from junitparser import Error, Failure, Skipped, TestCase

    result = item.result
    case = TestCase(result.title, result.id)
    if not result.status.holds:
        kinds = {CheckStatus.FAIL: Failure, CheckStatus.UNKNOWN: Error}
        kind = kinds.get(result.status, Failure) if item.required else Skipped
        entry = kind(result.evidence, str(result.status))
        entry.text = result.fix
        case.result = [entry]
    case.system_out = result.evidence
    return case


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
    flat = " ".join(text.split())
    return flat.replace("<", "&lt;").replace("[", "\\[").replace("|", "\\|")
