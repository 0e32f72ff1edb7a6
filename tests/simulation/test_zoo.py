"""The zoo: every broken backend is caught by a scenario that names its cause, and no correct one is accused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
from creditctl.simulation.results import ScenarioOutcome
from creditctl.simulation.scenarios.table import SCENARIOS
from tests.simulation.zoo.keeper import examine
from tests.simulation.zoo.table import BROKEN, CORRECT

TELLING = tuple(
    scenario.name
    for scenario in SCENARIOS
    if scenario.group in ("purchases", "delayed", "discounts", "refunds", "disputes", "deliveries", "outages")
    or scenario.name
    in ("two-buyers", "page-and-webhook", "other-product", "signed-compact", "spending-race", "quantity")
)
"""The stories in which correct backends differ; all are played by `python .ci/zoo.py`."""

IN_THREADS = {name: animal for name, animal in BROKEN.items() if not animal.restarts}


@pytest.fixture(scope="module")
def emulator_url() -> Iterator[str]:
    emulator = Emulator()
    with EmulatorServer(emulator) as server:
        yield server.url
    emulator.close()


@pytest.mark.parametrize("name", CORRECT)
def test_no_correct_backend_is_accused(emulator_url: str, name: str) -> None:
    suite = examine(emulator_url, name, CORRECT[name], TELLING, jobs=4)

    assert {each.name: (each.cause, each.failure, each.steps) for each in suite.of(ScenarioOutcome.FAILED)} == {}
    assert {each.name: each.reason for each in suite.of(ScenarioOutcome.BROKEN)} == {}
    assert len(suite.of(ScenarioOutcome.PASSED)) >= 40


@pytest.mark.parametrize("name", IN_THREADS)
def test_every_broken_backend_is_caught_with_its_cause(emulator_url: str, name: str) -> None:
    animal = BROKEN[name]

    suite = examine(emulator_url, name, animal.backend, animal.scenarios)

    found = {each.name: each.cause for each in suite.results}
    assert {scenario: found[scenario] for scenario in animal.scenarios} == dict.fromkeys(
        animal.scenarios, animal.cause
    ), {each.name: (each.failure, each.reason, each.steps) for each in suite.results}


def test_the_zoo_is_as_large_as_it_must_be() -> None:
    assert len(BROKEN) >= 25
    assert len(CORRECT) >= 6
    assert len({animal.cause for animal in BROKEN.values()}) >= 25
