"""The scenarios are whole: names of their own, steps that can be carried out, causes that are published."""

from __future__ import annotations

import dataclasses

from creditctl.simulation.cards import CARDS
from creditctl.simulation.causes import CAUSES
from creditctl.simulation.play.forgery import FORGERIES
from creditctl.simulation.play.own_sessions import CHANGES
from creditctl.simulation.play.run import HANDLERS
from creditctl.simulation.scenarios import steps
from creditctl.simulation.scenarios.table import FIRST, GROUPS, SCENARIOS, SMOKE, find_scenarios

ALL_STEPS = [(scenario, step) for scenario in SCENARIOS for step in scenario.steps]


def test_there_are_many_and_each_has_a_name_of_its_own() -> None:
    names = [scenario.name for scenario in SCENARIOS]

    assert len(names) >= 60
    assert len(set(names)) == len(names)
    assert {FIRST, *SMOKE} <= set(names)


def test_scenarios_are_found_by_name_and_by_group_and_unknown_ones_are_named() -> None:
    assert find_scenarios(()) == (SCENARIOS, ())
    assert find_scenarios(("refund", "nope"))[1] == ("nope",)
    assert {each.name for each in find_scenarios((), ("smoke",))[0]} == set(SMOKE)
    assert find_scenarios(("smoke",)) == find_scenarios((), ("smoke",)), "a group's name is taken where a scenario's is"
    assert all(find_scenarios((), (group,))[0] for group in GROUPS)


def test_every_step_can_be_carried_out() -> None:
    assert set(HANDLERS) == set(steps.Step.__args__)
    assert {step.card for _, step in ALL_STEPS if isinstance(step, steps.Buy | steps.Pay)} <= set(CARDS)
    assert {step.how for _, step in ALL_STEPS if isinstance(step, steps.Deliver)} <= set(FORGERIES)
    assert {step.change for _, step in ALL_STEPS if isinstance(step, steps.OpenLike)} == set(CHANGES) - {"plain"}


def test_every_cause_that_a_step_names_is_published() -> None:
    named = {
        getattr(step, field.name)
        for _, step in ALL_STEPS
        for field in dataclasses.fields(step)
        if field.name in ("over", "under", "cause")
    }

    assert named - {""} <= set(CAUSES)


def test_an_answer_that_is_judged_has_a_cause() -> None:
    judged = [step for _, step in ALL_STEPS if isinstance(step, steps.Deliver) and step.must != "any"]

    assert all(step.cause for step in judged)


def test_every_scenario_ends_in_a_judgement() -> None:
    judging = (steps.Expect, steps.AnswerTime, steps.OddPurchases, steps.ReadPage)

    assert [scenario.name for scenario in SCENARIOS if not isinstance(scenario.steps[-1], judging)] == []


def test_what_kills_the_backend_runs_alone() -> None:
    killing = {scenario.name for scenario, step in ALL_STEPS if isinstance(step, steps.Crash)}

    assert killing <= {scenario.name for scenario in SCENARIOS if scenario.alone}
