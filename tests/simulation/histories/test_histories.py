"""Random histories: possible, repeatable, passed by a correct backend, and shrunk where a broken one fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
from creditctl.simulation.histories.generate import is_possible, number_in, random_history, random_steps
from creditctl.simulation.histories.kept import read_scenarios
from creditctl.simulation.histories.run import KEEP, names_of_histories, run_histories
from creditctl.simulation.histories.shrink import shrink
from creditctl.simulation.results import ScenarioOutcome
from creditctl.simulation.scenarios.steps import Dispute, Expect, Open, Pay, Refund, Step
from tests.simulation.zoo.broken import TakesTwice
from tests.simulation.zoo.correct import Backend, QueueFirst
from tests.simulation.zoo.keeper import keep


def test_every_history_is_possible_and_the_same_under_its_seed() -> None:
    histories = [random_history(7, number) for number in range(200)]

    assert all(is_possible(each.steps[:-1]) and isinstance(each.steps[-1], Expect) for each in histories)
    assert histories == [random_history(7, number) for number in range(200)]
    assert len({str(each.steps) for each in histories}) > 190


def test_a_name_says_seed_and_number_and_a_backend_that_may_not_be_killed_has_the_story_without() -> None:
    killing = [number for number in range(60) if "Crash(" in str(random_history(3, number).steps)]
    spared = [random_history(3, number, crashes=False) for number in range(60)]

    assert number_in(random_history(3, 14).name) == (3, 14)
    assert [number_in(name) for name in ("random", "random-1", "random-1-x", "success")] == [None] * 4
    assert len(killing) > 5
    assert not [each.name for each in spared if "Crash(" in str(each.steps) or "Restart(" in str(each.steps)]
    assert all(is_possible(each.steps[:-1]) for each in spared)


def test_what_does_not_matter_is_left_out() -> None:
    import random

    steps = (Open(), Pay(), Refund(1, 4), *random_steps(random.Random(1)))
    possible: tuple[Step, ...] = tuple(step for place, step in enumerate(steps) if is_possible(steps[: place + 1]))

    kept = shrink(possible, lambda found: any(isinstance(step, Refund) for step in found))

    assert kept == (Open(), Pay(), Refund(1, 4))


@pytest.fixture(scope="module")
def emulator_url() -> Iterator[str]:
    emulator = Emulator()
    with EmulatorServer(emulator) as server:
        yield server.url
    emulator.close()


@pytest.mark.parametrize("kind", [Backend, QueueFirst])
def test_a_correct_backend_passes_every_history(emulator_url: str, kind: type[Backend]) -> None:
    with keep(emulator_url, f"histories-{kind.__name__}", kind) as (bench, _):
        results = run_histories(bench, names_of_histories(25, 3), jobs=4, tell=lambda result: None)

    assert [
        (each.name, each.failure, each.reason, each.steps)
        for each in results
        if each.outcome is not ScenarioOutcome.PASSED
    ] == []


def test_a_failure_is_shrunk_and_told_as_a_scenario(emulator_url: str) -> None:
    with keep(emulator_url, "histories-takes-twice", TakesTwice) as (bench, _):
        results = run_histories(bench, names_of_histories(12, 5), jobs=4, tell=lambda result: None)

    failed = [each for each in results if each.outcome is ScenarioOutcome.FAILED]
    assert failed
    story = failed[0].steps.index(KEEP)
    kept = read_scenarios("\n".join(failed[0].steps[story + 1 :]), "kept.toml")
    assert [each.name for each in kept] == [failed[0].name.replace("random", "kept")]
    assert any(isinstance(step, Refund | Dispute) for step in kept[0].steps)
    assert story <= 7
