"""A proposed mapping for people: each line with its reason, what does not fit, and what to do with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from creditctl.cli.render.table import Table, show_table
from creditctl.core.text import printable

if TYPE_CHECKING:
    from creditctl.cli.console import Console
    from creditctl.sources.guess.source_guess import SourceGuess


def guessed(console: Console, guess: SourceGuess, text: str, written: Path | None) -> None:
    """Prints a proposal."""
    table = Table(("Line", "Value", "Because"), title=f"A guess from {guess.looked_at:,} rows")
    for line in guess.lines:
        table.add(line.key, line.value, line.reason)
    show_table(console, table)
    for each in guess.unknown:
        console.print(printable(f"nothing says: {each}"))
    for each in guess.misfits:
        console.print(printable(f"does not fit: {each}"))
    console.print("")
    console.print(printable(text))
    console.print("")
    console.print(_next(guess, written))


def _next(guess: SourceGuess, written: Path | None) -> str:
    if written is not None:
        return f"Written into {written}. Next: `creditctl reconcile`"
    if guess.whole:
        return "Next: look at each line, then the same with --write, or copy it into creditctl.toml"
    return "Next: copy it into creditctl.toml, and say there what nothing says and what does not fit"
