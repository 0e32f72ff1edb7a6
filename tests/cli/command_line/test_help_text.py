"""Help is plain text: grouped under headings, no boxes, no types, as wide as the terminal."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def help_of(*path: str, columns: int = 80) -> str:
    environ = {**os.environ, "COLUMNS": str(columns)}
    done = subprocess.run(
        [sys.executable, "-m", "creditctl", *path, "--help"], capture_output=True, text=True, check=True, env=environ
    )
    return done.stdout


@pytest.mark.parametrize("path", [(), ("setup",), ("emulator",), ("ledger",), ("ledger", "import"), ("events", "list")])
@pytest.mark.parametrize("columns", [60, 80, 100, 200])
def test_it_fits_the_terminal_and_has_no_boxes_or_types(path: tuple[str, ...], columns: int) -> None:
    text = help_of(*path, columns=columns)

    assert max(map(len, text.splitlines())) <= min(columns, 100)
    assert not set("─│╭╮╰╯") & set(text)
    assert not [noise for noise in ("<bool>", "<str>", "TEXT]", "[default") if noise in text]


def test_commands_stand_under_headings_by_job() -> None:
    lines = help_of().splitlines()

    assert [line for line in lines if line.endswith(":") and not line.startswith(" ")] == [
        "Begin:",
        "Operate:",
        "Find out:",
        "Develop:",
        "Options:",
    ]


def test_own_options_come_before_those_that_mean_the_same_everywhere() -> None:
    text = help_of("reconcile")

    assert text.index("\nOptions:") < text.index("--repair") < text.index("Options that mean the same everywhere:")
    assert text.index("Options that mean the same everywhere:") < text.index("--confirm acct_…")
    assert "--max-repairs REPAIRS" in text
    assert "(default: 100; at least 0)" in text
    assert "--mode emulator|test|live" in text
    assert "Usage: creditctl trace [OPTIONS] ID" in help_of("trace")


def test_a_bare_group_shows_its_help_and_ends_with_2() -> None:
    done = subprocess.run([sys.executable, "-m", "creditctl", "ledger"], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stdout == help_of("ledger")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("words", "expected"),
    [("creditctl ledger b", {"balance", "backup"}), ("creditctl e", {"env", "events", "emulator", "explain"})],
)
def test_the_shell_completes_commands(words: str, expected: set[str]) -> None:
    environ = {
        **os.environ,
        "_CREDITCTL_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    done = subprocess.run([sys.executable, "-m", "creditctl"], capture_output=True, text=True, check=False, env=environ)

    assert set(done.stdout.split()) == expected
