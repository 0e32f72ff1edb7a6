"""How long `creditctl --help` takes, against a bare Python start and against a Typer hello-world."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable

from bench_tools import Row, alternate

ROUNDS = 15
HELLO = """
import typer
app = typer.Typer()
@app.command()
def hello(name: str = "you") -> None:
    "Say hello."
app()
"""


def _call(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def rows() -> Iterable[Row]:
    """Two rows: against Python itself, and against the smallest Typer program's --help."""
    for against, arguments in (("python -c pass", ("-c", "pass")), ("Typer hello --help", ("-c", HELLO, "--help"))):
        ours, theirs = alternate(
            lambda: _call("-m", "creditctl", "--help"), lambda arguments=arguments: _call(*arguments), ROUNDS
        )
        yield Row(
            "creditctl --help", against, f"{ours * 1000:.0f} ms", f"{theirs * 1000:.0f} ms", ours / theirs, "small"
        )
