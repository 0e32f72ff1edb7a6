"""Schedule of a suite: the basic purchase first, then side by side, then what must be alone; one result each."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Event
from typing import TYPE_CHECKING

from creditctl.simulation.play.run import run_scenario
from creditctl.simulation.results import ScenarioOutcome, ScenarioResult, SuiteResult
from creditctl.simulation.scenarios.table import FIRST, SCENARIOS
from creditctl.simulation.suite.generality import with_general_causes
from creditctl.simulation.suite.inert import accepts_ascii
from creditctl.simulation.suite.typed_email import with_typed_email

if TYPE_CHECKING:
    from creditctl.simulation.play.state import Bench
    from creditctl.simulation.scenarios.steps import Scenario
    from creditctl.simulation.suite.preflight import PreflightReport

Tell = Callable[[ScenarioResult], None]
_NOTICEABLE_LAG_SECONDS = 0.05
_REFUSALS = frozenset({"refuses_events", "wrong_secret", "body_changed", "too_slow"})


@dataclass(frozen=True)
class SuiteOptions:
    """How a suite runs. Shape: `seed` decides the order in which scenarios begin, never what they find."""

    jobs: int = 4
    seed: int = 0
    fail_fast: bool = False


@dataclass
class SuiteRun:
    """One run under way: `begin` plays the basic purchase, `play` any scenario afterwards.

    Shape: `gate` is the result of the basic purchase, None before it was played.
    """

    bench: Bench
    options: SuiteOptions
    tell: Tell
    stop: Event = field(default_factory=Event)
    gate: ScenarioResult | None = None

    def begin(self, report: PreflightReport) -> ScenarioResult:
        """Plays the basic purchase; where that fails, `play` tries nothing that needs one."""
        self.gate = _basic_purchase(self, report)
        if self.options.fail_fast and self.gate.outcome is ScenarioOutcome.FAILED:
            self.stop.set()
        return self.gate

    def play(self, scenario: Scenario) -> ScenarioResult:
        """One scenario, or why it is not tried."""
        if self.stop.is_set():
            return _not_tried(scenario, "the run stops at the first failure (--fail-fast)")
        if self.gate is not None and self.gate.name == scenario.name:
            return self.gate
        if self._pointless(scenario):
            reason = f"the basic purchase ({FIRST}) failed, and this needs one"
            return _not_tried(scenario, reason)
        shown = replace(scenario, settles=scenario.settles and not self._refuses)
        result = run_scenario(shown, self.bench)
        self.tell(result)
        if self.options.fail_fast and result.outcome is ScenarioOutcome.FAILED:
            self.stop.set()
        return result

    @property
    def _refuses(self) -> bool:
        return self.gate is not None and self.gate.cause in _REFUSALS

    def _pointless(self, scenario: Scenario) -> bool:
        failed = self.gate is not None and self.gate.outcome in (ScenarioOutcome.FAILED, ScenarioOutcome.BROKEN)
        return failed and scenario.needs_purchase


def run_suite(scenarios: Sequence[Scenario], report: PreflightReport, options: SuiteOptions, tell: Tell) -> SuiteResult:
    """Runs scenarios; their results come in the order of the list, whatever ran beside what."""
    bench = report.bench
    start = bench.pace.monotonic()
    run = SuiteRun(bench, options, tell)
    gate = run.begin(report)
    found = {result.name: result for result in _play_all(run, scenarios)}
    results = [found[scenario.name] for scenario in scenarios]
    if gate.outcome is not ScenarioOutcome.PASSED and FIRST not in found:
        results.insert(0, gate)
    return SuiteResult(with_general_causes(results), report.notes, bench.pace.monotonic() - start, options.seed)


def _basic_purchase(run: SuiteRun, report: PreflightReport) -> ScenarioResult:
    """Plays the basic purchase, which also measures the pace; a slow backend is measured again."""
    first = next(each for each in SCENARIOS if each.name == FIRST)
    result = run_scenario(first, run.bench)
    if result.passed and run.bench.pace.lag_seconds > _NOTICEABLE_LAG_SECONDS:
        result = run_scenario(first, run.bench)
    if report.cause and result.cause in ("refuses_events", "credits_never"):
        result = replace(
            result,
            cause=report.cause,
            expected="a rightly signed webhook should be answered with 2xx",
            seen=report.seen,
        )
    elif result.cause == "refuses_events" and accepts_ascii(run.bench):
        seen = "it is refused as Stripe writes it, and accepted in ASCII with another signature"
        result = replace(result, cause="body_changed", expected="a webhook should be accepted as it is", seen=seen)
    result = result if report.cause else with_typed_email(result, run.bench)
    run.tell(result)
    return result


def _play_all(run: SuiteRun, scenarios: Sequence[Scenario]) -> list[ScenarioResult]:
    order = list(scenarios)
    random.Random(run.options.seed).shuffle(order)  # noqa: S311 - an order, not a secret
    together = [each for each in order if not each.alone]
    with ThreadPoolExecutor(max(1, run.options.jobs)) as threads:
        results = list(threads.map(run.play, together))
    return results + [run.play(each) for each in scenarios if each.alone]


def _not_tried(scenario: Scenario, reason: str) -> ScenarioResult:
    return ScenarioResult(scenario.name, scenario.group, scenario.title, ScenarioOutcome.NOT_TRIED, reason=reason)
