"""`creditctl simulate --start`: one step runs emulator, set-up and a backend, kills it where stories ask, stops all."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette

from creditctl.backend.server import BackendServer, bind, url_of
from creditctl.cli.app import run
from creditctl.cli.local.simulate_bench import with_free_port
from creditctl.cli.local.simulate_options import SimulateOptions
from creditctl.cli.wiring import Wiring
from creditctl.core.errors import ExitCode
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[3]


def simulate(folder: Path, name: str, *arguments: str, **options: str) -> tuple[int, dict[str, Any]]:
    """One run against a zoo backend in a process of its own."""
    port = free_port()
    command = options.get("command") or f"exec {sys.executable} -m tests.simulation.zoo {name} {folder / 'zoo.db'}"
    ready = options.get("ready") or f"http://127.0.0.1:{port}/api/credits/balance?user_id=x"
    given = ["simulate", "--start", command, "--ready", ready, *arguments, "--json"]
    if options.get("restarts"):
        given += ["--restart", command]
    out = io.StringIO()
    environ = {**os.environ, "NO_COLOR": "1"}
    wiring = Wiring(environ=environ, folder=ROOT, run=run, stdin=io.StringIO(), stdout=out, stderr=io.StringIO())
    code = run(given, wiring)
    return code, json.loads(out.getvalue())


def outcomes(document: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    return {each["name"]: (each["outcome"], each["cause"]) for each in document["report"]["scenarios"]}


def test_the_free_port_stands_in_every_command() -> None:
    go = "go {port} {user}"
    said = SimulateOptions(
        start=go,
        restart=go,
        ready="http://127.0.0.1:{port}/up",
        login_command=go,
        balance_command=go,
        spend_command=go,
        recover_command=go,
    )

    filled = with_free_port(said)

    port = urlsplit(str(filled.ready)).port
    commands = (filled.start, filled.restart, filled.login_command, filled.balance_command, filled.spend_command)
    assert {*commands, filled.recover_command} == {f"go {port} {{user}}"}


def test_a_backend_is_started_killed_and_started_again(tmp_path: Path) -> None:
    stories = ("success", "restart", "duplicate-after-restart", "crash-after-answer", "crash-at-10-ms")
    code, document = simulate(tmp_path, "plain", *stories, restarts="yes")

    assert code == ExitCode.OK, document
    assert outcomes(document) == dict.fromkeys(stories, ("passed", None))


def test_a_memory_that_a_restart_empties_is_named(tmp_path: Path) -> None:
    code, document = simulate(tmp_path, "forgets-on-restart", "duplicate-after-restart", restarts="yes")

    assert code == ExitCode.FINDINGS
    assert outcomes(document)["duplicate-after-restart"] == ("failed", "lost_on_restart")
    assert document["report"]["causes"][0]["mend"]


def test_random_histories_kill_a_backend_too_and_one_of_them_can_be_played_alone(tmp_path: Path) -> None:
    code, document = simulate(tmp_path, "plain", "success", "--random", "12", "--seed", "4", restarts="yes")
    _, alone = simulate(tmp_path, "plain", "--only", "random-4-10", restarts="yes")

    played = document["report"]["scenarios"]
    assert code == ExitCode.OK, document
    assert len(played) == 13
    assert any("the backend was killed" in each["steps"] for each in played)
    assert outcomes(alone) == {"random-4-10": ("passed", None)}


def test_a_port_that_something_answers_on_is_refused(tmp_path: Path) -> None:
    with bind("127.0.0.1", 0) as listener, BackendServer(Starlette(), listener=listener):
        url = url_of(listener)
        code, document = simulate(tmp_path, "plain", "success", ready=url)

    assert (code, document["error"]["code"]) == (ExitCode.CONFIGURATION, "simulate.port_taken")


def test_without_a_way_to_start_again_nothing_is_killed(tmp_path: Path) -> None:
    code, document = simulate(tmp_path, "plain", "success", "restart")
    strict, _ = simulate(tmp_path, "plain", "restart", "--strict")

    assert code == ExitCode.OK
    assert outcomes(document)["restart"] == ("not_tried", None)
    assert strict == ExitCode.FINDINGS


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [("exit 3", ExitCode.CONFIGURATION, "simulate.start"), ("echo hello; exit 1", ExitCode.CONFIGURATION, "hello")],
)
def test_a_command_that_ends_at_once_is_a_fault_of_the_set_up(
    tmp_path: Path, command: str, code: ExitCode, said: str
) -> None:
    exit_code, document = simulate(tmp_path, "", command=command)

    assert exit_code == code
    assert said in json.dumps(document["error"])
