"""Runner of random histories: each is played, and one that fails is shrunk and told as a scenario to keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from creditctl.simulation.histories.generate import closed, name_of, number_in, random_history
from creditctl.simulation.histories.kept import GROUP, scenario_lines
from creditctl.simulation.histories.shrink import shrink
from creditctl.simulation.play.run import run_scenario
from creditctl.simulation.results import ScenarioOutcome, ScenarioResult
from creditctl.simulation.scenarios.steps import Crash

if TYPE_CHECKING:
    from creditctl.simulation.play.state import Bench
    from creditctl.simulation.scenarios.steps import Scenario, Step

_MOST_SHRUNK = 3
KEEP = "to keep it, add to the file of --scenarios:"
"""Stands in the log of a shrunk history, before the lines of it."""


def names_of_histories(count: int, seed: int) -> list[str]:
    """The names of so many histories of a seed."""
    return [name_of(seed, number) for number in range(count)]


def run_histories(
    bench: Bench, names: Sequence[str], *, jobs: int, tell: Callable[[ScenarioResult], None]
) -> list[ScenarioResult]:
    """Plays the histories of these names, those that kill the backend by themselves; the first that fail are shrunk."""
    may_kill = bench.process is not None and bench.process.restart_command is not None
    places = [place for place in map(number_in, names) if place is not None]
    histories = [random_history(seed, number, crashes=may_kill) for seed, number in places]
    together = [each for each in histories if not _kills(each)]
    with ThreadPoolExecutor(max(1, jobs)) as threads:
        played = list(threads.map(lambda each: run_scenario(each, bench), together))
    played += [run_scenario(each, bench) for each in histories if _kills(each)]
    found = {result.name: result for result in played}
    failed = [each for each in histories if found[each.name].outcome is ScenarioOutcome.FAILED]
    for each in failed[:_MOST_SHRUNK]:
        found[each.name] = _shrunk(bench, each.steps, found[each.name])
    results = [found[each.name] for each in histories]
    for result in results:
        tell(result)
    return results


def not_played(names: Sequence[str], reason: str) -> list[ScenarioResult]:
    """Results of histories that were not begun, each with the reason."""
    places = [place for place in map(number_in, names) if place is not None]
    left = [random_history(seed, number, crashes=False) for seed, number in places]
    outcome = ScenarioOutcome.NOT_TRIED
    return [ScenarioResult(each.name, each.group, each.title, outcome, reason=reason) for each in left]


def _kills(history: Scenario) -> bool:
    return any(isinstance(step, Crash) for step in history.steps)


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
    return replace(smallest, steps=(*smallest.steps, KEEP, *scenario_lines(_to_keep(result.name, kept))))


def _to_keep(name: str, steps: tuple[Step, ...]) -> Scenario:
    """A history as a scenario of the user's own, under a name that is no history's."""
    story = closed(name.replace("random", "kept", 1), steps)
    return replace(story, group=GROUP, alone=_kills(story))


def _core(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps without the judgement at the end."""
    return steps[:-1]
