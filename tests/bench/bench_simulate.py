"""`creditctl simulate` against its budget in seconds, and emulator and backend together against a bare uvicorn."""

from __future__ import annotations

import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from creditctl.cli.app import run
from creditctl.cli.local.local_stack import run_command
from creditctl.cli.wiring import Wiring
from tests.bench.bench_start import cpu_seconds
from tests.bench.bench_tools import Row, part

BARE = """
import os, threading, time, uvicorn
from starlette.applications import Starlette
server = uvicorn.Server(uvicorn.Config(Starlette(), port=0, log_level="critical"))
threading.Thread(target=server.run, daemon=True).start()
while not server.started:
    time.sleep(0.001)
os._exit(0)
"""
BOTH = """
import os
from starlette.applications import Starlette
from creditctl.backend.server import BackendServer, bind
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
EmulatorServer(Emulator()).__enter__()
BackendServer(Starlette(), listener=bind("127.0.0.1", 0)).__enter__()
os._exit(0)
"""
SUITE_SECONDS, SMOKE_SECONDS = 20.0, 5.0
ROUNDS, STARTS = 3, 9


def suite_seconds(folder: Path, *arguments: str) -> tuple[float, int]:
    """How long one run on the embedded backend takes, its world included, and how many scenarios it tried."""
    quiet = io.StringIO()
    environ = {"NO_COLOR": "1", "PATH": os.environ["PATH"]}
    wiring = Wiring(environ=environ, folder=folder, run=run, stdin=io.StringIO(), stdout=quiet, stderr=quiet)
    start = time.perf_counter()
    document = run_command(wiring, "simulate", *arguments)
    seconds = time.perf_counter() - start
    if not document["ok"]:
        raise RuntimeError(f"simulate failed: {document}")
    return seconds, int(document["report"]["counts"]["passed"])


def rows(share: float = 1.0) -> Iterable[Row]:
    """The whole suite, the smoke group, one scenario's share, and the start; medians."""
    with tempfile.TemporaryDirectory() as name:
        smoke = [suite_seconds(Path(name), "--group", "smoke") for _ in range(part(ROUNDS, share))]
        # A part of the bench times nothing; that the whole suite passes is for the tests of simulate to prove.
        whole = [suite_seconds(Path(name)) for _ in range(ROUNDS)] if share >= 1 else smoke
    for label, taken, budget in (("simulate", whole, SUITE_SECONDS), ("simulate --group smoke", smoke, SMOKE_SECONDS)):
        seconds = statistics.median(each for each, _ in taken)
        yield Row(label, f"{budget:.0f} seconds", f"{seconds:.1f} s", f"{budget:.0f} s", seconds / budget, "< 1")
    one = statistics.median(seconds / played for seconds, played in whole)
    yield Row(
        "one scenario's share",
        "the whole suite",
        f"{one * 1000:.0f} ms",
        f"{whole[0][1]} played",
        one / whole[0][0],
        "small",
    )
    calls = ((sys.executable, "-c", BOTH), (sys.executable, "-c", BARE))
    starts = [tuple(cpu_seconds(call) for call in calls) for _ in range(part(STARTS, share))]
    ours, bare = (statistics.median(column) for column in zip(*starts, strict=True))
    shown, other = (f"{seconds * 1000:.0f} ms CPU" for seconds in (ours, bare))
    yield Row("start of emulator and backend", "start of a bare uvicorn", shown, other, ours / bare, "<= 2")
