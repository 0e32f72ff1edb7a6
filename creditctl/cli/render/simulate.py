"""Answers of `creditctl simulate`: the scenarios there are, and what became of those that were played."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from creditctl.cli.output import Answer
from creditctl.core.errors import ExitCode
from creditctl.core.findings import Finding, Severity
from creditctl.simulation.causes import find_cause
from creditctl.simulation.results import ScenarioOutcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from creditctl.cli.console import Console
    from creditctl.simulation.results import ScenarioResult, SuiteResult
    from creditctl.simulation.scenarios.steps import Scenario


def scenarios_answer(scenarios: Sequence[Scenario]) -> Answer:
    """Name, group and title of each scenario."""
    rows = [{"name": each.name, "group": each.group, "title": each.title} for each in scenarios]
    wide = max((len(row["name"]) for row in rows), default=0)
    lines = [f"{row['name']:<{wide}}  {row['group']:<15} {row['title']}" for row in rows]
    return Answer.lines({"scenarios": rows}, *lines)


def results_answer(suite: SuiteResult, *, strict: bool = False) -> Answer:
    """What became of the scenarios.

    Shape: exit 1 and a finding each where one failed; with `strict` where one was not tried too; exit 5 where one could
           not run and none failed.
    """
    findings = [_failed(result) for result in suite.of(ScenarioOutcome.FAILED)]
    findings += [_warned(result) for result in suite.of(ScenarioOutcome.WARNED)]
    findings += [_not_tried(result, strict=strict) for result in suite.of(ScenarioOutcome.NOT_TRIED)]
    findings += [_broken(result) for result in suite.of(ScenarioOutcome.BROKEN)]
    return Answer(_report(suite), lambda console: _show(console, suite), findings, _exit_code(suite, strict=strict))


def _exit_code(suite: SuiteResult, *, strict: bool) -> ExitCode:
    if suite.of(ScenarioOutcome.FAILED) or (strict and suite.of(ScenarioOutcome.NOT_TRIED)):
        return ExitCode.FINDINGS
    return ExitCode.UNREACHABLE if suite.of(ScenarioOutcome.BROKEN) else ExitCode.OK


def _failed(result: ScenarioResult) -> Finding:
    fix = f"{find_cause(result.cause).mend} Alone: creditctl simulate --only {result.name}"
    return Finding("simulate.failed", Severity.HIGH, result.name, f"{result.cause}: {result.failure}.", fix)


def _warned(result: ScenarioResult) -> Finding:
    fix = find_cause(result.cause).mend
    return Finding("simulate.warned", Severity.LOW, result.name, f"{result.cause}: {result.failure}.", fix)


def _not_tried(result: ScenarioResult, *, strict: bool) -> Finding:
    fix = "Declare what it needs, in [simulate] of creditctl.toml or as an option."
    severity = Severity.MEDIUM if strict else Severity.INFO
    return Finding("simulate.not_tried", severity, result.name, f"Not tried: {result.reason}.", fix)


def _broken(result: ScenarioResult) -> Finding:
    fix = "Look at Stripe's side (the emulator, the network), then run it alone."
    return Finding("simulate.could_not_run", Severity.MEDIUM, result.name, f"Could not run: {result.reason}", fix)


def _report(suite: SuiteResult) -> dict[str, Any]:
    return {
        "scenarios": [result.as_dict() for result in suite.results],
        "counts": {str(outcome): len(suite.of(outcome)) for outcome in ScenarioOutcome},
        "causes": [
            {"cause": slug, "meaning": find_cause(slug).meaning, "mend": find_cause(slug).mend, "scenarios": names}
            for slug, names in suite.causes.items()
        ],
        "notes": list(suite.notes),
        "seed": suite.seed,
        "seconds": round(suite.seconds, 2),
    }


def summary_line(suite: SuiteResult) -> str:
    """The counts in one line."""
    words = {
        ScenarioOutcome.FAILED: "failed",
        ScenarioOutcome.WARNED: "with a warning",
        ScenarioOutcome.NOT_TRIED: "not tried",
        ScenarioOutcome.BROKEN: "could not run",
    }
    others = [f"{len(suite.of(outcome))} {word}" for outcome, word in words.items() if suite.of(outcome)]
    passed = f"{len(suite.of(ScenarioOutcome.PASSED))} of {len(suite.results)} scenarios passed"
    return ", ".join([passed, *others]) + f" in {suite.seconds:.1f} s."


def _show(console: Console, suite: SuiteResult) -> None:
    console.print(summary_line(suite))
    for slug, names in suite.causes.items():
        cause = find_cause(slug)
        console.print(f"  {slug}: {cause.meaning}")
        console.print(f"    mend: {cause.mend}")
        for result in suite.results:
            if result.name in names:
                console.print(f"    FAILED {result.name}: {result.failure}")
                for step in result.steps if result.group == "random" else ():
                    console.print(f"      {step}")
    for result in suite.of(ScenarioOutcome.WARNED):
        console.print(f"  warning {result.name}: {result.failure} ({result.cause})")
    for reason, names in _reasons(suite).items():
        console.print(f"  not tried: {', '.join(names)}: {reason}")
    for result in suite.of(ScenarioOutcome.BROKEN):
        console.print(f"  could not run {result.name}: {result.reason}")
    failed = suite.of(ScenarioOutcome.FAILED)
    if failed:
        console.print(
            f"Next: creditctl simulate --only {failed[0].name} (with the same options), and the backend's log."
        )
    else:
        console.print("Next: put `creditctl simulate --json` into CI.")


def _reasons(suite: SuiteResult) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for result in suite.of(ScenarioOutcome.NOT_TRIED):
        found.setdefault(result.reason, []).append(result.name)
    return found
