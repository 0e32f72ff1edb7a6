"""Writes the generated pages of docs/: commands from the command line itself, codes from their registry, the emulator.

Usage: python .ci/docs.py [--check]
With --check nothing is written, and the exit code is 1 when a file is out of date.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer
from emulator_api_docs import api_page
from emulator_docs import control_page
from simulation_docs import simulation_page
from taxonomy_docs import taxonomy_page

from creditctl.cli.command_line.typer_app import build_app
from creditctl.cli.explain import kind_words
from creditctl.core.codes import CodeInfo, all_codes

FOLDER = Path(__file__).resolve().parent.parent / "docs"
HEADING = "# Commands\n\nMade by `make docs` from the program itself; every command also has `--help`.\n"
CODES_HEADING = """# Codes

Made by `make docs` from `creditctl/core/codes.toml`; `creditctl explain CODE` says the same of one code.

Every error has a code, a sentence and what to do next. So has every finding: something true and unwelcome, as bad as
its severity says (critical, high, medium, low, info). A check has an id, and answers pass, warn, fail, unknown or
person; its sentence here is what holds when it passes.
"""


def main(arguments: list[str]) -> int:
    """Writes the pages, or compares them."""
    pages = {FOLDER / "commands.md": page(), FOLDER / "codes.md": codes_page()}
    pages |= {FOLDER / "emulator-control.md": control_page(), FOLDER / "emulator-api.md": api_page()}
    pages |= {FOLDER / "simulation.md": simulation_page(), FOLDER / "taxonomy.md": taxonomy_page()}
    if "--check" in arguments:
        return 0 if all(path.exists() and path.read_text() == text for path, text in pages.items()) else 1
    FOLDER.mkdir(exist_ok=True)
    for path, text in pages.items():
        path.write_text(text)
    return 0


def codes_page() -> str:
    """Every code that creditctl prints, one table a group."""
    groups = itertools.groupby(all_codes().values(), key=lambda info: info.group)
    return CODES_HEADING + "".join(codes_section(group, members) for group, members in groups)


def codes_section(group: str, members: Iterable[CodeInfo]) -> str:
    """The codes that begin alike."""
    rows = [f"| `{info.code}` | {kind_words(info)} | {info.meaning} | {info.mend} |\n" for info in members]
    return f"\n## {group}\n\n| code | kind | meaning | what to do |\n|---|---|---|---|\n" + "".join(rows)


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
