"""Processor time of short commands, against the official Stripe CLI and against the smallest Typer program."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Iterable
from typing import NamedTuple

from tests.bench.bench_tools import Row, part

ROUNDS = 15
HELLO = """
import typer
app = typer.Typer(add_completion=False, rich_markup_mode=None)
@app.command()
def hello(name: str = "you") -> None:
    "Say hello."
    typer.echo(f"Hello {name}")
app()
"""
OURS = (sys.executable, "-m", "creditctl")
TYPER = (sys.executable, "-c", HELLO)


class Pair(NamedTuple):
    """What is compared with what, and how the goal words it."""

    name: str
    call: tuple[str, ...]
    other: str
    their_call: tuple[str, ...]
    goal: str = "small"


def pairs() -> Iterable[Pair]:
    """The comparisons; those with the official Stripe CLI only where STRIPE_CLI names it."""
    official = os.environ.get("STRIPE_CLI")
    if official:
        for option in ("--version", "--help"):
            yield Pair(f"creditctl {option}", (*OURS, option), f"stripe {option}", (official, option), "<= 1.0")
    yield Pair("creditctl packages", (*OURS, "packages"), "Typer hello", TYPER, "<= 1.35")
    yield Pair("creditctl --help", (*OURS, "--help"), "Typer hello --help", (*TYPER, "--help"))
    yield Pair("creditctl --help", (*OURS, "--help"), "python -c pass", (sys.executable, "-c", "pass"))


def cpu_seconds(call: tuple[str, ...]) -> float:
    """The processor time, user and system, of one run and all that it started."""
    process = subprocess.Popen(call, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, call)
    return used.ru_utime + used.ru_stime


def rows(share: float = 1.0) -> Iterable[Row]:
    """A row a pair: medians of runs that take turns, so that both meet the same machine."""
    for pair in pairs():
        taken = [(cpu_seconds(pair.call), cpu_seconds(pair.their_call)) for _ in range(part(ROUNDS, share))]
        ours, theirs = (statistics.median(column) for column in zip(*taken, strict=True))
        shown, other = (f"{seconds * 1000:.0f} ms CPU" for seconds in (ours, theirs))
        yield Row(pair.name, pair.other, shown, other, ours / theirs, pair.goal)
