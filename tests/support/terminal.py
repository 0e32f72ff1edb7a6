"""Terminal of a given width for the command line of a test, and its output without colours."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.cli import Cli

_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def on_terminal(cli: Cli, columns: int = 80) -> Cli:
    """The same command line in front of a terminal of so many columns. Units: columns."""
    return replace(cli, environ={**cli.environ, "FORCE_COLOR": "1", "COLUMNS": str(columns)})


def lines_of(text: str) -> list[str]:
    """The lines of an output as a person reads them, colours taken off."""
    return _ESCAPES.sub("", text).splitlines()


def assert_whole(cli: Cli, command: list[str], values: list[str], columns: int = 80) -> None:
    """Asserts that each value stands unbroken on one line, on a terminal of that width and in a pipe."""
    shown, piped = on_terminal(cli, columns)(*command), cli(*command)
    for value in values:
        assert any(value in line for line in lines_of(shown.stdout)), f"{value} is broken at {columns} columns"
        assert any(value in line for line in lines_of(piped.stdout)), f"{value} is broken in a pipe"
