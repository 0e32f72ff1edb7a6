"""Writes docs/commands.md from the command line itself: every command, what it does, its arguments and options.

Usage: python .ci/docs.py [--check]
With --check nothing is written, and the exit code is 1 when the file is out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from creditctl.cli.app import build_app

PAGE = Path(__file__).resolve().parent.parent / "docs" / "commands.md"
HEADING = "# Commands\n\nMade by `make docs` from the program itself; every command also has `--help`.\n"


def main(arguments: list[str]) -> int:
    """Writes the page, or compares it."""
    text = page()
    if "--check" in arguments:
        return 0 if PAGE.exists() and PAGE.read_text() == text else 1
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text)
    return 0


def page() -> str:
    """The whole page, one section a command, in order of name."""
    root: Any = typer.main.get_command(build_app())
    return HEADING + "".join(section(path, command) for path, command in walk(root, ()))


def walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that can be called, with its path."""
    inner = getattr(command, "commands", {})
    if path and (not inner or getattr(command, "invoke_without_command", False)):
        yield path, command
    for name in sorted(inner):
        if not inner[name].hidden:
            yield from walk(inner[name], (*path, name))


def section(path: tuple[str, ...], command: Any) -> str:
    """One command: its help, then a table of what it takes."""
    rows = [row(parameter) for parameter in command.params if not getattr(parameter, "hidden", False)]
    rows = [line for line in rows if line]
    table = "\n| | |\n|---|---|\n" + "".join(rows) if rows else ""
    return f"\n## `creditctl {' '.join(path)}`\n\n{paragraphs(command.help or '')}\n{table}"


def paragraphs(text: str) -> str:
    """Help text as paragraphs of Markdown."""
    return "\n\n".join(" ".join(part.split()) for part in text.strip().split("\n\n"))


def row(parameter: Any) -> str:
    """One argument or option; `--help` is everybody's, so it is left out."""
    if parameter.name == "help":
        return ""
    names = parameter.opts if parameter.param_type_name == "option" else [parameter.metavar or parameter.name.upper()]
    shown = ", ".join(f"`{name}`" for name in [*names, *parameter.secondary_opts])
    return f"| {shown} | {' '.join((parameter.help or '').split()).replace('|', chr(92) + '|')} |\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
