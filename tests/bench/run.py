"""`make bench`: ratios against the least possible, measured side by side in one run; medians, never absolute promises.

Usage: python -m tests.bench.run [NAME ...]   runs the bench_NAME.py files named, all where none is.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.bench_tools import Row

HERE = Path(__file__).resolve().parent


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
        for row in load(f"tests.bench.{path.stem}")():
            table.add_row(row.measured, row.against, row.ours, row.theirs, f"{row.ratio:.2f}", row.goal)
    console.print(table)


def load(name: str) -> Callable[[], Iterable[Row]]:
    """The `rows` function of a bench module."""
    rows: Callable[[], Iterable[Row]] = importlib.import_module(name).rows
    return rows


if __name__ == "__main__":
    main(sys.argv[1:])
