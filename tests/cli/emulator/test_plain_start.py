"""The emulator's plain start: what it reads it reads as Typer does, and it loads no Typer."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import Any

import pytest

from creditctl.cli.command_line.typer_app import whole_command
from creditctl.cli.emulator.plain_start import FLAGS, READERS, plain_options, plain_start
from creditctl.core.errors import ExitCode


def as_typer_reads(words: list[str]) -> dict[str, Any]:
    """The options that were given, by name."""
    group = whole_command().commands["emulator"]
    with group.make_context("emulator", [*words], obj=None) as ctx:
        usual = group.make_context("emulator", [], obj=None).params
        read = {name: value for name, value in ctx.params.items() if value != usual[name]}
    return {"json" if name == "as_json" else name: value for name, value in read.items()}


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--port", "0"],
        ["--port", "65535", "--host", "0.0.0.0", "--json"],
        ["--state", "a b/ü.db", "--seed", "7", "--files", "."],
        ["--livemode", "--strict-urls", "--raw-cards", "--public-url", "http://localhost:12111"],
        ["--api-version", "2022-08-01"],
    ],
)
def test_plain_options_are_read_as_typer_reads_them(words: list[str]) -> None:
    assert plain_options(words) == as_typer_reads(words)


@pytest.mark.parametrize(
    "line",
    [
        "--help",
        "-h",
        "reset",
        "--port",
        "--port 65536",
        "--port -1",
        "--port 1_0",
        "--port ٣",
        "--port=0",
        "--port 0 --port 1",
        "--livemode --livemode",
        "--state --json",
        "--seed x",
        "--radar strict",
        "--allow-host a",
        "--nope",
        "-- --port",
    ],
)
def test_what_is_not_plain_is_left_to_typer(line: str) -> None:
    assert plain_options(line.split()) is None
    assert plain_start(line.split()) is None


def test_each_plain_option_is_one_of_the_command() -> None:
    known = {name for option in whole_command().commands["emulator"].params for name in option.opts}

    assert {*FLAGS, *READERS} <= known


def test_a_plain_start_loads_neither_typer_nor_uvicorn_and_says_what_is_wrong() -> None:
    program = (
        "import sys; from creditctl.cli.app import run; code = run(sys.argv[1:]); "
        "sys.stderr.write(repr({'typer', 'pydantic', 'uvicorn', 'rich'} & set(sys.modules))); sys.exit(code)"
    )
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = ["emulator", "--port", str(taken.getsockname()[1])]
        plain = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)
        as_json = subprocess.run(
            [sys.executable, "-m", "creditctl", *words, "--json"], capture_output=True, text=True, check=False
        )

    assert plain.returncode == as_json.returncode == ExitCode.CONFIGURATION
    assert "is in use" in plain.stderr
    assert plain.stderr.endswith("set()")
    document = json.loads(as_json.stdout)
    assert (document["schema"], document["error"]["code"]) == ("creditctl.emulator.v1", "server.port_in_use")
