"""docs/simulation-zoo.md: every backend of the zoo stands in it, caught with its cause or accused of nothing."""

from __future__ import annotations

from pathlib import Path

from tests.simulation.zoo.express import BROKEN_IN_NODE, CORRECT_IN_NODE
from tests.simulation.zoo.table import BROKEN, CORRECT

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "simulation-zoo.md").read_text()
ROWS = {
    cells[0]: cells[1:]
    for line in PAGE.splitlines()
    if line.startswith("| ")
    for cells in [[cell.strip() for cell in line.strip("| ").split("|")]]
}


def test_every_broken_backend_is_caught_with_its_cause() -> None:
    expected = {name: (animal.cause, animal.scenarios) for name, animal in BROKEN.items()} | BROKEN_IN_NODE
    wrong = {
        name: ROWS.get(name)
        for name, (cause, scenarios) in expected.items()
        if name not in ROWS
        or ROWS[name][0] != f"`{cause}`"
        or not set(scenarios) <= set(ROWS[name][1].replace(" (with `--restart`)", "").split(", "))
    }

    assert wrong == {}


def test_no_correct_backend_is_accused() -> None:
    assert {name: ROWS[name][2] for name in (*CORRECT, *CORRECT_IN_NODE)} == dict.fromkeys(
        (*CORRECT, *CORRECT_IN_NODE), "0"
    )
