"""The scenarios are whole: each has a name of its own, and names only cards and packages that there are."""

from __future__ import annotations

from importlib import resources

from creditctl.core.catalog import parse_catalog
from creditctl.simulation.cards import CARDS
from creditctl.simulation.scenarios import SCENARIOS, Buy, Expect, find_scenarios

CATALOG = parse_catalog(resources.files("creditctl.core").joinpath("packages.toml").read_text())


def test_scenario_names_are_unique_and_unknown_ones_are_named() -> None:
    names = [scenario.name for scenario in SCENARIOS]

    assert len(set(names)) == len(names)
    assert find_scenarios(()) == (SCENARIOS, ())
    assert find_scenarios(("refund", "nope"))[1] == ("nope",)


def test_every_card_and_package_that_a_scenario_names_exists() -> None:
    buys = [step for scenario in SCENARIOS for step in scenario.steps if isinstance(step, Buy)]

    assert {step.card for step in buys} <= set(CARDS)
    assert all(CATALOG.by_slug(step.package) for step in buys)


def test_every_scenario_begins_with_a_purchase_and_ends_with_an_expectation() -> None:
    assert all(isinstance(scenario.steps[0], Buy) for scenario in SCENARIOS)
    assert all(isinstance(scenario.steps[-1], Expect) for scenario in SCENARIOS)
