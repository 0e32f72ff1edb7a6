"""Writes docs/simulation-zoo.md: which scenarios catch which broken backend of the tests' zoo, and under which cause.

Usage: python .ci/zoo.py [BACKEND ...]
It plays every scenario against every backend, which takes half an hour; with names only those are played anew. The page
is written after each row.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from creditctl.simulation.results import SuiteResult

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

PAGE = ROOT / "docs" / "simulation-zoo.md"
PERMISSIONS = 0o644
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
    """Plays what was named, or everything, and writes the page after each: a killed run keeps what it played."""
    from creditctl.atomic_file import replace_file
    from tests.simulation.zoo.express import BROKEN_IN_NODE, CORRECT_IN_NODE
    from tests.simulation.zoo.table import BROKEN, CORRECT

    broken, correct = (*BROKEN, *BROKEN_IN_NODE), (*CORRECT, *CORRECT_IN_NODE)
    if unknown := set(names) - {*broken, *correct}:
        sys.exit(f"The zoo has no {', '.join(sorted(unknown))}.")
    rows = rows_of(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    for name in (*broken, *correct):
        if name in rows and names and name not in names:
            continue
        rows[name] = (correct_row if name in correct else broken_row)(name)
        print(rows[name], flush=True)
        replace_file(PAGE, page(rows, broken, correct).encode(), PERMISSIONS)


def rows_of(text: str) -> dict[str, str]:
    """The rows of a page by backend."""
    return {line.split(" | ")[0].strip("| "): line for line in text.splitlines() if line.startswith("| ")}


def page(rows: dict[str, str], broken: Sequence[str], correct: Sequence[str]) -> str:
    """The page with the rows that there are, in the order of the zoo."""
    first, second = ("".join(f"{rows[name]}\n" for name in group if name in rows) for group in (broken, correct))
    return HEADING + first + CORRECT_HEADING + second


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
