"""Runner of random histories: each is played, and one that fails is shrunk and told as a scenario to keep."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from creditctl.simulation.histories.generate import closed, random_history
from creditctl.simulation.histories.shrink import as_source, shrink
from creditctl.simulation.play.run import run_scenario
from creditctl.simulation.results import ScenarioOutcome, ScenarioResult

if TYPE_CHECKING:
    from creditctl.simulation.play.state import Bench
    from creditctl.simulation.scenarios.steps import Step

_MOST_SHRUNK = 3


def run_histories(
    bench: Bench, count: int, seed: int, *, jobs: int, tell: Callable[[ScenarioResult], None]
) -> list[ScenarioResult]:
    """Plays so many random histories; the first few that fail are shrunk."""
    histories = [random_history(seed, number) for number in range(count)]
    with ThreadPoolExecutor(max(1, jobs)) as threads:
        results = list(threads.map(lambda each: run_scenario(each, bench), histories))
    failed = [place for place, result in enumerate(results) if result.outcome is ScenarioOutcome.FAILED]
    for place in failed[:_MOST_SHRUNK]:
        results[place] = _shrunk(bench, histories[place].steps, results[place])
    for result in results:
        tell(result)
    return results


def _shrunk(bench: Bench, steps: tuple[Step, ...], result: ScenarioResult) -> ScenarioResult:
    """The result of the smallest history that still fails, with its source as the last line of the log."""
    smallest = result

    def fails(candidate: tuple[Step, ...]) -> bool:
        nonlocal smallest
        played = run_scenario(closed(result.name, candidate), replace(bench, token=bench.token + str(id(candidate))))
        if played.outcome is ScenarioOutcome.FAILED:
            smallest = played
        return played.outcome is ScenarioOutcome.FAILED

    kept = shrink(_core(steps), fails)
    return replace(smallest, steps=(*smallest.steps, "keep it: " + as_source(result.name, closed("", kept).steps)))


def _core(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps without the judgement at the end."""
    return steps[:-1]
