"""Scenario files: scenarios of the user's own as TOML, read with every fault named, and written by the generator."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, get_args

from creditctl.core.errors import ConfigurationError
from creditctl.core.project_file.faults import DocumentFaults, nearest_key, parse_toml, shown
from creditctl.core.project_file.tables import TomlTable, alternatives
from creditctl.simulation.cards import CARDS
from creditctl.simulation.causes import CAUSES
from creditctl.simulation.histories.story import story_faults
from creditctl.simulation.play.forgery import FORGERIES
from creditctl.simulation.play.own_sessions import CHANGES
from creditctl.simulation.scenarios import steps as data
from creditctl.simulation.scenarios.table import SCENARIOS

GROUP = "own"
"""The group of scenarios that name none."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_HISTORY = re.compile(r"random-\d+-\d+")
_MOST = 10**8
_MOST_BUYERS = 9
_LEAST = {"of": 1, "parts": 0, "times": 0, "buyers": 1}
_MOSTS = {"buyer": _MOST_BUYERS, "by": _MOST_BUYERS, "buyers": _MOST_BUYERS + 1, "times": 100, "together": 100}


def _word(kind: type) -> str:
    """`PayByBank` → `pay_by_bank`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


STEP_WORDS: dict[str, type] = {_word(kind): kind for kind in get_args(data.Step)}
"""What `do` may say."""

_CAUSES = ("", *CAUSES)
CHOICES: dict[tuple[str, str], tuple[str, ...]] = {
    ("pay", "card"): tuple(CARDS),
    ("buy", "card"): tuple(CARDS),
    ("open_like", "change"): tuple(CHANGES),
    ("deliver", "how"): tuple(FORGERIES),
    ("deliver", "must"): ("any", "accepted", "refused"),
    ("deliver", "cause"): _CAUSES,
    ("settle", "status"): ("won", "lost", "warning_closed"),
    ("crash", "after"): ("", "answered", "posted"),
    ("expect", "over"): _CAUSES,
    ("expect", "under"): _CAUSES,
}
"""What a text of a step may be, where it may not be any."""


def read_scenarios(text: str, source: str) -> tuple[data.Scenario, ...]:
    """Reads a scenario file. Shape: `source` is how messages call it. Errors: ConfigurationError with every fault."""
    try:
        document = parse_toml(text)
    except ValueError as error:
        raise _invalid(source, error) from error
    faults = DocumentFaults(text)
    table = TomlTable(document, faults)
    table.refuse_unknown(("scenario",))
    found = [_Reader(each).scenario() for each in table.tables("scenario")]
    taken = {scenario.name for scenario in SCENARIOS}
    for place, scenario in enumerate(found):
        if scenario.name in taken:
            faults.add(("scenario", place, "name"), f"scenario[{place + 1}].name: there is a {scenario.name!r} already")
        taken.add(scenario.name)
    if not found and not faults:
        faults.add(("scenario",), "it has no [[scenario]]")
    if faults:
        raise _invalid(source, faults)
    return tuple(found)


def _invalid(source: str, faults: object) -> ConfigurationError:
    return ConfigurationError(
        f"{source} is no file of scenarios: {faults}.",
        code="simulate.scenario_file",
        fix=f"Correct what is named in {source}; docs/simulation.md has every step and what it takes.",
    )


@dataclass(frozen=True)
class _Reader:
    """One `[[scenario]]` that is being read; what is at fault is noted, and a usual value stands in for it."""

    table: TomlTable

    def scenario(self) -> data.Scenario:
        table = self.table
        table.refuse_unknown([each.name for each in fields(data.Scenario)])
        name = table.matching("name", _NAME, "small letters, digits and dashes") or ""
        if "name" not in table.values:
            table.fault("name", "is missing")
        elif _HISTORY.fullmatch(name):
            table.fault("name", "is the name of a random history; call it otherwise")
        steps = tuple(self._steps())
        plain = {
            name: table.flag(name) for name in ("alone", "needs_purchase", "settles", "unseen") if name in table.values
        }
        if any(isinstance(step, data.Crash) for step in steps):
            plain["alone"] = True  # nothing else may be under way while the backend is killed
        found = data.Scenario(
            name=name,
            group=table.matching("group", _NAME, "small letters, digits and dashes") or GROUP,
            title=table.text("title") or name,
            steps=steps,
            buyers=table.whole("buyers", least=1, most=_MOSTS["buyers"]) or 1,
            **plain,
        )
        for place, sentence in story_faults(found):
            table.faults.add((*table.path, "steps", place), f"{table.label}steps[{place + 1}]: {sentence}")
        return found

    def _steps(self) -> Iterator[data.Step]:
        if not self.table.values.get("steps"):
            self.table.fault("steps", "must have a step at least")
            return
        for each in self.table.tables("steps"):
            step = _read_step(each)
            if step is not None:
                yield step


def _read_step(table: TomlTable) -> data.Step | None:
    word = table.values.get("do")
    if not isinstance(word, str) or word not in STEP_WORDS:
        known = nearest_key(word, tuple(STEP_WORDS)) if isinstance(word, str) else ""
        table.fault("do", f"must say which step this is, not {shown(word)}{known}")
        return None
    kind, before = STEP_WORDS[word], len(table.faults.sentences)
    places = fields(kind)
    table.refuse_unknown(("do", *(each.name for each in places)))
    for each in places:
        if each.name not in table.values and each.default is MISSING and each.default_factory is MISSING:
            table.fault(each.name, "is missing")
    said = {each.name: _read_value(table, word, each) for each in places if each.name in table.values}
    return None if len(table.faults.sentences) > before else kind(**said)


def _read_value(table: TomlTable, word: str, place: Field[Any]) -> object:
    name = place.name
    choices = CHOICES.get((word, name))
    if choices is not None:
        return _one_of(table, name, choices)
    if place.type in ("int", "int | None"):
        return table.whole(name, least=_LEAST.get(name, 0), most=_MOSTS.get(name, _MOST))
    if place.type == "float":
        return _number(table, name)
    if place.type == "bool":
        return table.flag(name)
    if place.type == "tuple[str, ...]":
        return table.texts(name)
    if place.type == "str":
        return _any_text(table, name)
    inner = table.table(name)
    return {} if inner is None else dict(inner.values)


def _one_of(table: TomlTable, name: str, choices: tuple[str, ...]) -> str:
    value = table.values[name]
    if isinstance(value, str) and value in choices:
        return value
    table.fault(name, f"must be {alternatives([each for each in choices if each])}, not {shown(value)}")
    return ""


def _number(table: TomlTable, name: str) -> float:
    value = table.values[name]
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _MOST:
        return float(value)
    table.fault(name, f"must be a number of seconds, not {shown(value)}")
    return 0.0


def _any_text(table: TomlTable, name: str) -> str:
    value = table.values[name]
    if isinstance(value, str):
        return value
    table.fault(name, f"must be a text, not {shown(value)}")
    return ""


def scenario_lines(scenario: data.Scenario) -> list[str]:
    """A scenario as the lines of a scenario file; what has its usual value is left out."""
    about = [each for each in fields(data.Scenario) if each.name != "steps"]
    said = [f"{each.name} = {toml_value(getattr(scenario, each.name))}" for each in about if _differs(scenario, each)]
    steps = [f"  {_step_text(step)}," for step in scenario.steps]
    return ["[[scenario]]", *said, "steps = [", *steps, "]"]


def _differs(owner: object, place: Field[Any]) -> bool:
    usual = place.default_factory() if place.default_factory is not MISSING else place.default
    return bool(getattr(owner, place.name) != usual)


def _step_text(step: data.Step) -> str:
    said = [f"{each.name} = {toml_value(getattr(step, each.name))}" for each in fields(step) if _differs(step, each)]
    return "{ " + ", ".join([f'do = "{_word(type(step))}"', *said]) + " }"


def toml_value(value: object) -> str:
    """A value as TOML writes it on one line: its texts and numbers are those of JSON."""
    if isinstance(value, Mapping) and value:
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
