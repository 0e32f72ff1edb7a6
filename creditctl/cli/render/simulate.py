"""Answers of `creditctl simulate`: the scenarios there are, and which of those that were played passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditctl.cli.output import Answer
from creditctl.core.errors import ExitCode
from creditctl.core.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from creditctl.cli.console import Console
    from creditctl.simulation.runner import ScenarioResult
    from creditctl.simulation.scenarios import Scenario


def scenarios_answer(scenarios: Sequence[Scenario]) -> Answer:
    """Name and title of each scenario."""
    rows = [{"name": scenario.name, "title": scenario.title} for scenario in scenarios]
    return Answer.lines({"scenarios": rows}, *(f"{row['name']:<22} {row['title']}" for row in rows))


def results_answer(results: Sequence[ScenarioResult]) -> Answer:
    """Which scenarios passed. Shape: exit 1 and a finding each where one did not."""
    failed = [result for result in results if not result.passed]

    def human(console: Console) -> None:
        console.print(f"{len(results) - len(failed)} of {len(results)} scenarios passed.")
        for result in failed:
            console.print(f"  FAILED {result.name}: {result.failure}")
        console.print(
            "Next: put `creditctl simulate --json` into CI." if not failed else "Next: look at the backend's log."
        )

    findings = [
        Finding("simulate.failed", Severity.HIGH, result.name, result.failure, "Look at the backend's log and ledger.")
        for result in failed
    ]
    report = {"scenarios": [result.as_dict() for result in results]}
    return Answer(report, human, findings, ExitCode.FINDINGS if failed else ExitCode.OK)
