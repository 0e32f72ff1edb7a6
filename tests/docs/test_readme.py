"""The README tells the truth: its commands exist, every command is in it, and its make targets are real."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from creditctl.cli.command_line.typer_app import build_app
from creditctl.core.errors import ExitCode
from creditctl.core.settings import KNOWN_KEYS
from tests.support.cli import Cli

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    inner = getattr(command, "commands", {})
    for name, child in inner.items():
        if not child.hidden:
            yield (*path, name)
            yield from commands(child, (*path, name))


ALL = sorted(commands(typer.main.get_command(build_app())))


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_is_in_the_readme(path: tuple[str, ...]) -> None:
    assert re.search(rf"`creditctl {' '.join(path)}[` ]", README)


def test_every_command_of_the_readme_exists() -> None:
    known = {path[:1] for path in ALL} | set(ALL)
    named = {tuple(match.split()) for match in re.findall(r"creditctl ((?:[a-z]+)(?: [a-z]+)?)", README)}
    first = {name[:1] for name in named}

    assert {name for name in first if name not in known} == set()


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_a_help_text(
    path: tuple[str, ...], offline_cli: Cli, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = offline_cli(*path, "--help")

    assert outcome.exit_code == ExitCode.OK
    shown = capsys.readouterr().out
    assert "Usage" in shown
    assert len(shown.splitlines()) > 5


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))

    assert set(re.findall(r"`make ([a-z-]+)[` ]", README)) <= targets
    assert {"demo", "test"} <= set(re.findall(r"make ([a-z]+)", README))


def test_every_exit_code_is_in_the_readme() -> None:
    for code in ExitCode:
        assert re.search(rf"\| {int(code)} \|", README), code


def test_every_setting_is_in_the_readme() -> None:
    assert [key for key in KNOWN_KEYS if key not in README] == []


def test_the_tree_of_the_readme_matches_the_folder() -> None:
    rooms = set(re.findall(r"^  ([a-z_]+)/ ", README, re.M))
    folders = {path.name for path in (ROOT / "creditctl").iterdir() if (path / "__init__.py").exists()}

    assert rooms == folders
