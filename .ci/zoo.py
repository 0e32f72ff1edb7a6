"""Writes docs/simulation-zoo.md: which scenarios catch which broken backend of the tests' zoo, and under which cause.

Usage: python .ci/zoo.py
It plays every scenario against every backend, which takes a quarter of an hour.
"""

from __future__ import annotations

import sys
from pathlib import Path

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


def main() -> None:
    """Plays everything, and writes the page."""
    from creditctl.emulator.app import Emulator
    from creditctl.emulator.transports.server import EmulatorServer
    from tests.simulation.zoo.broken import BROKEN
    from tests.simulation.zoo.correct import CORRECT
    from tests.simulation.zoo.keeper import examine

    rows = []
    for name, animal in BROKEN.items():
        if animal.restarts:
            rows.append(f"| {name} | `{animal.cause}` | {', '.join(animal.scenarios)} (with `--restart`) |")
            continue
        with EmulatorServer(Emulator()) as server:
            suite = examine(server.url, name, animal.backend, animal.scenarios if animal.slow else (), jobs=6)
        rows.append(f"| {name} | `{animal.cause}` | {caught(suite.causes, animal.cause)} |")
        print(rows[-1], flush=True)
    rows += ["", "## Correct, in other styles", "", "| backend | passed | not tried | accused |", "|---|---|---|---|"]
    for name, kind in CORRECT.items():
        with EmulatorServer(Emulator()) as server:
            suite = examine(server.url, name, kind, jobs=6)
        counts = {
            word: sum(each.outcome == word for each in suite.results) for word in ("passed", "not_tried", "failed")
        }
        rows.append(f"| {name} | {counts['passed']} | {counts['not_tried']} | {counts['failed']} |")
        print(rows[-1], flush=True)
    PAGE.write_text(HEADING + "\n".join(rows) + "\n", encoding="utf-8")


def caught(causes: dict[str, list[str]], cause: str) -> str:
    """The scenarios that name the cause, then those that fail beside it."""
    named = sorted(causes.get(cause, []))
    beside = [f"{name} (`{other}`)" for other, names in causes.items() if other != cause for name in sorted(names)]
    return ", ".join([*named, *(f"[{text}]" for text in beside)]) or "nothing"


if __name__ == "__main__":
    main()
