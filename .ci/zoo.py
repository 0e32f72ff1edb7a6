"""Writes docs/simulation-zoo.md: which scenarios catch which broken backend of the tests' zoo, and under which cause.

Usage: python .ci/zoo.py [BACKEND ...]
It plays every scenario against every backend, which takes a quarter of an hour; with names only those are played anew.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from creditctl.simulation.results import SuiteResult

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

PAGE = ROOT / "docs" / "simulation-zoo.md"
HEADING = """# The zoo: which scenarios catch which defect

Made by `python .ci/zoo.py`. Each row is a small credit backend of `tests/simulation/zoo/` with one real defect,
played with every scenario that needs no restart. "Cause" is the slug that must be named for it; the scenarios that
name it come first, those that fail beside it under another cause stand in brackets. A basic purchase that failed
(`success`) ends the rest. The correct backends at the end are written in other styles, and are accused of nothing.

| defect | cause | caught by |
|---|---|---|
"""


CORRECT_HEADING = """
## Correct, in other styles

| backend | passed | not tried | accused |
|---|---|---|---|
"""


def main(names: list[str]) -> None:
    """Plays what was named, or everything, and writes the page."""
    from tests.simulation.zoo.express import BROKEN_IN_NODE, CORRECT_IN_NODE
    from tests.simulation.zoo.table import BROKEN, CORRECT

    before = {line.split(" | ")[0].strip("| "): line for line in PAGE.read_text().splitlines() if line.startswith("| ")}

    def row(name: str, played: Callable[[str], str]) -> str:
        line = before[name] if names and name not in names and name in before else played(name)
        print(line, flush=True)
        return line

    broken = [row(name, broken_row) for name in (*BROKEN, *BROKEN_IN_NODE)]
    correct = [row(name, correct_row) for name in (*CORRECT, *CORRECT_IN_NODE)]
    PAGE.write_text(HEADING + "\n".join(broken) + "\n" + CORRECT_HEADING + "\n".join(correct) + "\n", encoding="utf-8")


def broken_row(name: str) -> str:
    """One broken backend, played."""
    from tests.simulation.zoo.express import BROKEN_IN_NODE
    from tests.simulation.zoo.table import BROKEN

    if name in BROKEN_IN_NODE:
        cause = BROKEN_IN_NODE[name][0]
        return f"| {name} | `{cause}` | {caught(played(name).causes, cause)} |"
    animal = BROKEN[name]
    if animal.restarts:
        return f"| {name} | `{animal.cause}` | {', '.join(animal.scenarios)} (with `--restart`) |"
    suite = played(name, animal.scenarios if animal.slow else ())
    return f"| {name} | `{animal.cause}` | {caught(suite.causes, animal.cause)} |"


def correct_row(name: str) -> str:
    """One correct backend, played."""
    suite = played(name)
    words = ("passed", "not_tried", "failed")
    counts = [str(sum(each.outcome == word for each in suite.results)) for word in words]
    return f"| {name} | {' | '.join(counts)} |"


def played(name: str, scenarios: tuple[str, ...] = ()) -> SuiteResult:
    """One backend on an emulator of its own."""
    from creditctl.emulator.app import Emulator
    from creditctl.emulator.transports.server import EmulatorServer
    from tests.simulation.zoo.express import examine_in_node
    from tests.simulation.zoo.keeper import examine
    from tests.simulation.zoo.table import BROKEN, CORRECT

    with EmulatorServer(Emulator()) as server:
        if name in CORRECT or name in BROKEN:
            kind = CORRECT[name] if name in CORRECT else BROKEN[name].backend
            return examine(server.url, name, kind, scenarios, jobs=6)
        return examine_in_node(server.url, name, scenarios, jobs=6)


def caught(causes: dict[str, list[str]], cause: str) -> str:
    """The scenarios that name the cause, then those that fail beside it."""
    named = sorted(causes.get(cause, []))
    beside = [f"{name} (`{other}`)" for other, names in causes.items() if other != cause for name in sorted(names)]
    return ", ".join([*named, *(f"[{text}]" for text in beside)]) or "nothing"


if __name__ == "__main__":
    main(sys.argv[1:])
