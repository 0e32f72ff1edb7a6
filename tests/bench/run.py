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
    for name in [name for name in bench_names() if not names or name in names]:
        console.print(f"{name} …", style="dim")
        for row in load(name)(1.0):
            table.add_row(row.measured, row.against, row.ours, row.theirs, f"{row.ratio:.2f}", row.goal)
    console.print(table)


def bench_names() -> list[str]:
    """The names of all bench files."""
    return [name for path in sorted(HERE.glob("bench_*.py")) if (name := path.stem.removeprefix("bench_")) != "tools"]


def load(name: str) -> Callable[[float], Iterable[Row]]:
    """The `rows` function of a bench file, which takes the share of the full measurement that is done."""
    rows: Callable[[float], Iterable[Row]] = importlib.import_module(f"tests.bench.bench_{name}").rows
    return rows


if __name__ == "__main__":
    main(sys.argv[1:])
