"""Reports of `creditctl simulate`: JUnit XML, a page, annotations and job summary of GitHub Actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from creditctl.cli.render.simulate import summary_line
from creditctl.cli.report_files.junit import JUnitCase
from creditctl.cli.report_files.junit import junit_xml as write_junit
from creditctl.cli.report_files.page import page
from creditctl.core.keys import redact
from creditctl.core.text import printable
from creditctl.simulation.causes import find_cause
from creditctl.simulation.results import ScenarioOutcome

if TYPE_CHECKING:
    from pathlib import Path

    from creditctl.cli.command import Session
    from creditctl.cli.local.simulate_options import SimulateOptions
    from creditctl.simulation.results import ScenarioResult, SuiteResult

SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
_LEVELS = {ScenarioOutcome.FAILED: "error", ScenarioOutcome.BROKEN: "error", ScenarioOutcome.WARNED: "warning"}


def write_reports(session: Session, options: SimulateOptions, suite: SuiteResult) -> None:
    """Writes what was asked for; annotations are part of the conversation, on stderr."""
    from creditctl.cli.report_files.target import replace_report

    if options.junit is not None:
        replace_report(session, options.junit, junit_xml(suite))
    if options.html is not None:
        replace_report(session, options.html, html_page(suite))
    if options.github:
        for line in github_annotations(suite):
            session.wiring.stderr.write(line + "\n")
        summary = session.wiring.environ.get(SUMMARY_VARIABLE)
        if summary:
            _append(session.wiring.folder / summary, session.wiring.redactor.redact(markdown(suite)))


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.write(text)


def junit_xml(suite: SuiteResult) -> str:
    """The results as CI systems read them: a suite a group, a case a scenario."""
    return write_junit("creditctl simulate", [_case(result) for result in suite.results])


def _case(result: ScenarioResult) -> JUnitCase:
    failed, broken = result.outcome is ScenarioOutcome.FAILED, result.outcome is ScenarioOutcome.BROKEN
    kind = result.cause if failed else "could_not_run"
    return JUnitCase(
        result.group,
        result.name,
        f"simulate.{result.group}",
        result.seconds,
        failure=result.failure if failed else "",
        kind=kind if failed or broken else "",
        story="\n".join(_story(result)),
        skipped=result.reason if result.outcome is ScenarioOutcome.NOT_TRIED else "",
        error=result.reason if broken else "",
        log="\n".join((*result.steps, *result.deliveries)),
    )


def _story(result: ScenarioResult) -> Sequence[str]:
    mend = find_cause(result.cause).mend if result.cause else ""
    return (result.title, result.failure, mend, f"creditctl simulate --only {result.name}", *result.steps)


def github_annotations(suite: SuiteResult) -> list[str]:
    """Workflow commands of GitHub Actions. Source: GitHub documentation, "Workflow commands for GitHub Actions"."""
    lines = []
    for result in suite.results:
        level = _LEVELS.get(result.outcome)
        if level is not None:
            said = result.failure or result.reason
            mend = find_cause(result.cause).mend if result.cause else ""
            title = f"simulate {result.name}" + (f": {result.cause}" if result.cause else "")
            lines.append(f"::{level} title={_property(title)}::{_data(printable(redact(f'{said}. {mend}')))}")
    return lines


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def markdown(suite: SuiteResult) -> str:
    """The job summary: the counts, and a table of what is not in order."""
    rows = [
        f"| `{result.name}` | {result.outcome} | `{result.cause}` | {_cell(result.failure or result.reason)} |"
        for result in suite.results
        if not result.passed
    ]
    table = ["| scenario | outcome | cause | what |", "|---|---|---|---|", *rows] if rows else []
    return "\n".join(["## creditctl simulate", "", summary_line(suite), "", *table, ""])


def _cell(text: str) -> str:
    return printable(redact(text)).replace("|", "\\|").replace("\n", " ")


def html_page(suite: SuiteResult) -> str:
    """The results as one page without scripts or outside files."""
    return page("simulate.html", summary=summary_line(suite), rows=[_row(result) for result in suite.results])


def _row(result: ScenarioResult) -> dict[str, object]:
    mend = find_cause(result.cause).mend if result.cause else ""
    return {
        "name": result.name,
        "outcome": str(result.outcome),
        "word": str(result.outcome).replace("_", " "),
        "title": result.title,
        "seen": [text for text in (result.cause, result.failure or result.reason, mend) if text],
        "log": "\n".join((*result.steps, *result.deliveries)),
    }
