"""The table of commands says what the functions say of themselves, and names each of them once."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest

from creditctl.cli.command_line.entry import CommandEntry, load
from creditctl.cli.command_line.table import COMMANDS


def walk(entries: tuple[CommandEntry, ...], path: tuple[str, ...] = ()) -> Iterator[tuple[str, CommandEntry]]:
    for entry in entries:
        yield " ".join((*path, entry.name)), entry
        yield from walk(entry.inner(), (*path, entry.name))


ALL = dict(walk(COMMANDS))


@pytest.mark.parametrize("path", [path for path, entry in ALL.items() if entry.target])
def test_the_help_line_is_the_first_paragraph_of_the_function(path: str) -> None:
    paragraph = (inspect.getdoc(load(ALL[path].target)) or "").split("\n\n")[0]

    assert " ".join(paragraph.split()) == ALL[path].help


def test_each_function_is_one_command() -> None:
    targets = [entry.target for entry in ALL.values() if entry.target]

    assert len(set(targets)) == len(targets)


def test_a_group_has_commands_or_a_function() -> None:
    assert all(entry.target or entry.inner() for entry in ALL.values())
