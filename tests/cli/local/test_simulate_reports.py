"""Reports of a simulation: JUnit that parsers read, a page without holes, annotations that survive odd text."""

from __future__ import annotations

from junitparser import JUnitXml

from creditctl.cli.local.simulate_reports import github_annotations, html_page, junit_xml, markdown
from creditctl.cli.render.simulate import results_answer
from creditctl.core.errors import ExitCode
from creditctl.simulation.results import ScenarioOutcome, ScenarioResult, SuiteResult

FAILED = ScenarioResult(
    "refund", "refunds", "A <full> refund", ScenarioOutcome.FAILED, "u", ("bought",), ("charge.refunded: 200",),
    "refund_ignored", "the balance should be 0 | credits", "it is 5,500\n<b>", seconds=0.5,
)  # fmt: skip
PASSED = ScenarioResult("success", "purchases", "A good card", ScenarioOutcome.PASSED)
NOT_TRIED = ScenarioResult("spend", "spending", "Spent", ScenarioOutcome.NOT_TRIED, reason="no way to spend")
BROKEN = ScenarioResult("late", "deliveries", "Late", ScenarioOutcome.BROKEN, reason="Stripe did not answer")
SUITE = SuiteResult([FAILED, PASSED, NOT_TRIED, BROKEN], seconds=2.0)


def test_junit_has_a_suite_a_group_and_a_case_a_scenario() -> None:
    document = JUnitXml.fromstring(junit_xml(SUITE).encode())

    assert (document.tests, document.failures, document.skipped, document.errors) == (4, 1, 1, 1)


def test_the_page_escapes_what_it_shows() -> None:
    page = html_page(SUITE)

    assert "A &lt;full&gt; refund" in page
    assert "<b>" not in page
    assert "<script" not in page


def test_annotations_are_one_line_each() -> None:
    lines = github_annotations(SUITE)

    assert [line.split(" ")[0] for line in lines] == ["::error", "::error"]
    assert all("\n" not in line for line in lines)
    assert "%0A" in lines[0]


def test_the_summary_has_a_row_for_what_is_not_in_order() -> None:
    text = markdown(SUITE)

    assert "| `refund` | failed | `refund_ignored` |" in text
    assert "0 \\| credits" in text
    assert "success" not in text


def test_exit_codes_follow_the_outcomes() -> None:
    def code(*results: ScenarioResult, strict: bool = False) -> ExitCode:
        return results_answer(SuiteResult(results), strict=strict).exit_code

    assert code(PASSED, NOT_TRIED) == ExitCode.OK
    assert code(PASSED, NOT_TRIED, strict=True) == ExitCode.FINDINGS
    assert code(PASSED, BROKEN) == ExitCode.UNREACHABLE
    assert code(FAILED, BROKEN) == ExitCode.FINDINGS
