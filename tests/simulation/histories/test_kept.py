"""Scenario files: what the generator writes is read again, and every fault is named with its line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from creditctl.core.errors import ConfigurationError
from creditctl.simulation.histories.generate import random_history
from creditctl.simulation.histories.kept import GROUP, read_scenarios, scenario_lines
from creditctl.simulation.scenarios.steps import Buy, Crash, Expect, Open, Pay
from creditctl.simulation.scenarios.table import SCENARIOS

STORIES = [*SCENARIOS, *(random_history(4, number) for number in range(60))]


def written(steps: str, name: str = "mine", more: str = "") -> str:
    return f'[[scenario]]\nname = "{name}"\n{more}steps = [{steps}]\n'


def test_whatever_is_written_is_read_again_as_it_was() -> None:
    killing = [any(isinstance(step, Crash) for step in each.steps) for each in STORIES]
    kept = [
        replace(each, name=f"kept-{each.name}", alone=each.alone or kills)
        for each, kills in zip(STORIES, killing, strict=True)
    ]
    text = "\n".join(line for each in kept for line in scenario_lines(each))

    assert read_scenarios(text, "mine.toml") == tuple(kept)


def test_a_scenario_may_be_short_and_one_that_kills_runs_alone() -> None:
    short = read_scenarios(written('{do = "buy", package = 2}, {do = "expect", percent = 100}'), "mine.toml")[0]
    steps = '{do="open"}, {do="crash"}, {do="pay"}, {do="restart"}, {do="expect"}'
    killing = read_scenarios(written(steps), "mine.toml")[0]

    assert (short.steps, short.group, short.title) == ((Buy(2), Expect(100)), GROUP, "mine")
    assert killing.alone
    assert killing.steps[:3] == (Open(), Crash(), Pay())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[scenario]", "is no file of scenarios"),
        ("", "it has no [[scenario]]"),
        ("scenarios = []", "unknown key 'scenarios', did you mean 'scenario'?"),
        ('[[scenario]]\nsteps = [{do = "expect"}]', "scenario[1].name is missing"),
        (written('{do = "expect"}', name="refund"), "there is a 'refund' already"),
        (written('{do = "expect"}', name="random-1-2"), "the name of a random history"),
        (written('{do = "expect"}', name="../x"), "small letters, digits and dashes"),
        (written('{do = "expect"}') * 2, "line 5: scenario[2].name: there is a 'mine' already"),
        (written(""), "steps must have a step at least"),
        (written('{do = "byu"}'), "did you mean 'buy'?"),
        (written("1"), "1 is not a table"),
        (written('{do = "buy", pack = 2}, {do = "expect"}'), "unknown key 'pack', did you mean 'package'?"),
        (written('{do = "buy", package = "2"}, {do = "expect"}'), "package must be a whole number"),
        (written('{do = "buy", card = "viza"}, {do = "expect"}'), "card must be"),
        (written('{do = "buy"}, {do = "settle"}, {do = "expect"}'), "status is missing"),
        (written('{do = "buy"}, {do = "expect", over = "credits_thrice"}'), "over must be"),
        (written('{do = "buy"}, {do = "expect", held = 1}'), "held must be true or false"),
        (written('{do = "buy"}, {do = "pass", seconds = -1}, {do = "expect"}'), "seconds must be"),
        (written('{do = "buy"}, {do = "answer_time", webhook_seconds = "x"}'), "must be a number of seconds"),
        (written('{do = "buy"}, {do = "hold_back", event = 1}, {do = "expect"}'), "event must be a text"),
        (written('{do = "pay"}, {do = "expect"}'), "line 3: scenario[1].steps[1]: no step before it opens"),
    ],
)
def test_every_fault_is_named(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match="is no file of scenarios") as found:
        read_scenarios(text, "mine.toml")

    assert said in found.value.message
    assert found.value.code == "simulate.scenario_file"
