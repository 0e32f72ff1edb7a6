"""Reports of `creditctl simulate`: JUnit XML, a page, annotations and job summary of GitHub Actions."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

from creditctl.cli.render.simulate import summary_line
from creditctl.core.keys import redact
from creditctl.simulation.causes import find_cause
from creditctl.simulation.results import ScenarioOutcome

if TYPE_CHECKING:
    from pathlib import Path

    from junitparser import TestCase

    from creditctl.cli.command import Session
    from creditctl.cli.local.simulate_options import SimulateOptions
    from creditctl.simulation.results import ScenarioResult, SuiteResult

SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
_LEVELS = {ScenarioOutcome.FAILED: "error", ScenarioOutcome.BROKEN: "error", ScenarioOutcome.WARNED: "warning"}


def write_reports(session: Session, options: SimulateOptions, suite: SuiteResult) -> None:
    """Writes what was asked for; annotations are part of the conversation, on stderr."""
    from creditctl.atomic_file import replace_file

    folder, conceal = session.wiring.folder, session.wiring.redactor.redact
    if options.junit is not None:
        replace_file(folder / options.junit, conceal(junit_xml(suite)).encode())
    if options.html is not None:
        replace_file(folder / options.html, conceal(html_page(suite)).encode())
    if options.github:
        for line in github_annotations(suite):
            session.wiring.stderr.write(line + "\n")
        summary = session.wiring.environ.get(SUMMARY_VARIABLE)
        if summary:
            _append(folder / summary, conceal(markdown(suite)))


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.write(text)


def junit_xml(suite: SuiteResult) -> str:
    """The results as CI systems read them: a suite a group, a case a scenario."""
    from junitparser import JUnitXml, TestSuite

    document = JUnitXml("creditctl simulate")
    for group in dict.fromkeys(result.group for result in suite.results):
        part = TestSuite(group)
        for result in suite.results:
            if result.group == group:
                part.add_testcase(_case(result))
        document.add_testsuite(part)
    document.update_statistics()  # type: ignore[no-untyped-call]
    text = document.tostring()  # type: ignore[no-untyped-call]
    return text.decode() if isinstance(text, bytes) else str(text)


def _case(result: ScenarioResult) -> TestCase:
    from junitparser import Error, Failure, Skipped, TestCase

    case = TestCase(result.name, f"simulate.{result.group}", round(result.seconds, 3))
    if result.outcome is ScenarioOutcome.FAILED:
        failure = Failure(redact(result.failure), result.cause)
        failure.text = redact("\n".join(_story(result)))
        case.result = [failure]
    elif result.outcome is ScenarioOutcome.NOT_TRIED:
        case.result = [Skipped(redact(result.reason))]
    elif result.outcome is ScenarioOutcome.BROKEN:
        case.result = [Error(redact(result.reason), "could_not_run")]
    case.system_out = redact("\n".join((*result.steps, *result.deliveries)))
    return case


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
            lines.append(f"::{level} title={_property(title)}::{_data(redact(f'{said}. {mend}'))}")
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
    return redact(text).replace("|", "\\|").replace("\n", " ")


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>creditctl simulate</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
td, th {{ border-bottom: 1px solid #ccc; padding: .3rem .5rem; text-align: left; vertical-align: top; }}
pre {{ white-space: pre-wrap; margin: 0; }}
.failed, .could_not_run {{ background: #fde8e8; }} .warned {{ background: #fff6d6; }} .not_tried {{ color: #555; }}
</style></head><body>
<h1>creditctl simulate</h1><p>{summary}</p>
<table><thead><tr><th>scenario</th><th>outcome</th><th>what it proves</th><th>what was seen</th></tr></thead>
<tbody>
{rows}
</tbody></table></body></html>
"""


def html_page(suite: SuiteResult) -> str:
    """The results as one page without scripts or outside files."""
    return _PAGE.format(
        summary=html.escape(summary_line(suite)), rows="\n".join(_row(result) for result in suite.results)
    )


def _row(result: ScenarioResult) -> str:
    mend = find_cause(result.cause).mend if result.cause else ""
    log = html.escape(redact("\n".join((*result.steps, *result.deliveries))))
    seen = [html.escape(redact(text)) for text in (result.cause, result.failure or result.reason, mend) if text]
    details = f"<details><summary>log</summary><pre>{log}</pre></details>" if log else ""
    word = html.escape(str(result.outcome).replace("_", " "))
    return (
        f'<tr class="{result.outcome}"><td>{html.escape(result.name)}</td><td>{word}</td>'
        f"<td>{html.escape(result.title)}</td><td>{'<br>'.join(seen)}{details}</td></tr>"
    )
