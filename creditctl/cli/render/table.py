"""Table of text: columns where they fit the width, else one block of `key: value` lines a row; nothing is ever cut."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from creditctl.core.text import printable

if TYPE_CHECKING:
    from creditctl.cli.console import Console

_GAP = "  "


@dataclass
class Table:
    """Rows of cells under headings. Shape: `right` names the headings whose cells stand flush right (numbers)."""

    headings: Sequence[str]
    right: frozenset[str] = frozenset()
    title: str = ""
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        """One more row, a cell a heading; a line end in a cell is spelled out."""
        self.rows.append(tuple(printable(cell, kept="") for cell in cells))


def show_table(console: Console, table: Table) -> None:
    """Prints a table in the shape that the console has room for."""
    lines = table_lines(table)
    width = console.width
    if table.title:
        console.print(table.title, style="bold", soft_wrap=True)
    if width is not None and any(display_width(line) > width for line in lines):
        for line in block_lines(table):
            console.print(line, soft_wrap=True)
        return
    console.print(lines[0], style="bold", soft_wrap=True)
    for line in lines[1:]:
        console.print(line, soft_wrap=True)


def table_lines(table: Table) -> list[str]:
    """The table in columns: headings first, then a line a row."""
    grid = [tuple(table.headings), *table.rows]
    widths = [max(display_width(row[place]) for row in grid) for place in range(len(table.headings))]
    flush = [heading in table.right for heading in table.headings]
    return [_line(row, widths, flush) for row in grid]


def _line(row: Sequence[str], widths: Iterable[int], flush_right: Iterable[bool]) -> str:
    cells = [_padded(*each) for each in zip(row, widths, flush_right, strict=True)]
    return _GAP.join(cells).rstrip()


def _padded(cell: str, width: int, flush_right: bool) -> str:
    blank = " " * (width - display_width(cell))
    return blank + cell if flush_right else cell + blank


def block_lines(table: Table) -> list[str]:
    """The table as blocks: a line a cell, empty cells left out, an empty line between rows."""
    column = max(display_width(heading) for heading in table.headings) + 2
    lines: list[str] = []
    for row in table.rows:
        lines += [""] if lines else []
        pairs = [(heading, cell) for heading, cell in zip(table.headings, row, strict=True) if cell]
        lines += [_padded(f"{heading}:", column, False) + cell for heading, cell in pairs]
    return lines or [_GAP.join(table.headings)]


def display_width(text: str) -> int:
    """How many columns a text takes: two for wide characters, none for those that combine. Units: columns."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text
    )
