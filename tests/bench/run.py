"""`make bench`: ratios against the least possible, measured side by side in one run; medians, never absolute promises.

Usage: python tests/bench/run.py [NAME ...]   runs the bench_NAME.py files named, all where none is.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from bench_tools import Row  # noqa: E402 - found beside this file


def main(names: list[str]) -> None:
    """Runs every bench file and prints one table."""
    table = Table("Measured", "Against", title="Ratios, measured side by side in this run (medians)")
    for heading in ("Ours", "Theirs", "Ratio", "Goal"):
        table.add_column(heading, justify="right")
    console = Console()
    for path in sorted(HERE.glob("bench_*.py")):
        name = path.stem.removeprefix("bench_")
        if name == "tools" or (names and name not in names):
            continue
        console.print(f"{name} …", style="dim")
        for row in load(path)():
            table.add_row(row.measured, row.against, row.ours, row.theirs, f"{row.ratio:.2f}", row.goal)
    console.print(table)


def load(path: Path) -> Callable[[], Iterable[Row]]:
    """The `rows` function of a bench file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(path.name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rows: Callable[[], Iterable[Row]] = module.rows
    return rows


if __name__ == "__main__":
    main(sys.argv[1:])
