"""Tables never cut a cell: what does not fit a terminal becomes blocks, and a pipe has no width."""

from __future__ import annotations

import io
import re

import pytest

from creditctl.cli.console import Console
from creditctl.cli.render.table import Table, display_width, show_table

LONG = "https://backend.example.com/api/credits/webhook"
ROWS = (("we_1ABCDEFGHIJKLMNOPQRSTUVWX", LONG, "1,000"), ("we_2", "", "5"))


def shown(**environ: str) -> str:
    stream = io.StringIO()
    table = Table(("Endpoint", "URL", "Events"), right=frozenset({"Events"}), title="Endpoints", rows=list(ROWS))
    show_table(Console(stream, environ), table)
    return stream.getvalue()


def test_in_a_pipe_each_row_is_one_line() -> None:
    lines = shown().splitlines()

    assert len(lines) == 2 + len(ROWS)
    assert lines[2].split() == [ROWS[0][0], LONG, "1,000"]
    assert lines[3].endswith("     5")


@pytest.mark.parametrize("columns", ["80", "60", "20"])
def test_on_a_terminal_that_is_too_narrow_each_cell_is_a_line(columns: str) -> None:
    lines = shown(FORCE_COLOR="1", NO_COLOR="1", COLUMNS=columns).splitlines()

    assert f"Endpoint: {ROWS[0][0]}" in lines
    assert f"URL:      {LONG}" in lines
    assert "" in lines
    assert sum(line.startswith("URL:") for line in lines) == 1, "an empty cell has no line"


def test_a_wide_terminal_shows_columns() -> None:
    assert re.sub(r"\x1b\[\d*m", "", shown(FORCE_COLOR="1", NO_COLOR="1", COLUMNS="200")) == shown()


def test_wide_and_combining_characters_are_measured() -> None:
    assert [display_width(text) for text in ("abc", "日本", "e\u0301")] == [3, 4, 1]
