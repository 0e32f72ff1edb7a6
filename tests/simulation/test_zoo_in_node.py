"""The Node backends of the zoo, as written with Express: the broken ones are caught, the correct ones not accused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
from creditctl.simulation.results import ScenarioOutcome
from tests.simulation.zoo.express import BROKEN_IN_NODE, CORRECT_IN_NODE, NODE, examine_in_node

pytestmark = pytest.mark.skipif(not NODE, reason="node is not installed")


@pytest.fixture(scope="module")
def emulator_url() -> Iterator[str]:
    emulator = Emulator()
    with EmulatorServer(emulator) as server:
        yield server.url
    emulator.close()


@pytest.mark.parametrize("name", CORRECT_IN_NODE)
def test_no_correct_node_backend_is_accused(emulator_url: str, name: str) -> None:
    suite = examine_in_node(emulator_url, name)

    assert {each.name: (each.cause, each.failure, each.steps) for each in suite.of(ScenarioOutcome.FAILED)} == {}
    assert {each.name: each.reason for each in suite.of(ScenarioOutcome.BROKEN)} == {}
    assert len(suite.of(ScenarioOutcome.PASSED)) >= 100


@pytest.mark.parametrize("name", BROKEN_IN_NODE)
def test_every_broken_node_backend_is_caught_with_its_cause(emulator_url: str, name: str) -> None:
    cause, scenarios = BROKEN_IN_NODE[name]

    suite = examine_in_node(emulator_url, name, scenarios)

    found = {each.name: each.cause for each in suite.results}
    assert {scenario: found[scenario] for scenario in scenarios} == dict.fromkeys(scenarios, cause), {
        each.name: (each.failure, each.reason, each.steps) for each in suite.results
    }
