"""`creditctl simulate --inspect`: the proposal of a backend that runs or is started; nothing is written unasked."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

from creditctl.cli.app import run
from creditctl.cli.wiring import Wiring
from creditctl.core.errors import ExitCode
from creditctl.core.project_file.project import parse_project_file

ROOT = Path(__file__).resolve().parents[3]


def simulate(folder: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """One run in a folder."""
    out = io.StringIO()
    environ = {**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
    wiring = Wiring(environ=environ, folder=folder, run=run, stdin=io.StringIO(), stdout=out, stderr=io.StringIO())
    code = run(["simulate", *arguments, "--json"], wiring)
    return code, json.loads(out.getvalue())


def zoo(folder: Path) -> list[str]:
    command = f"exec {sys.executable} -m tests.simulation.zoo plain {folder / 'zoo.db'}"
    return ["--start", command, "--ready", "http://127.0.0.1:{port}/api/credits/balance?user_id=x"]


def test_the_proposal_is_shown_and_what_was_written_can_be_played(tmp_path: Path) -> None:
    code, shown = simulate(tmp_path, "--inspect", *zoo(tmp_path))
    before = (tmp_path / "creditctl.toml").exists()
    _, written = simulate(tmp_path, "--inspect", "--write", *zoo(tmp_path))
    path = tmp_path / "creditctl.toml"
    section = parse_project_file(path.read_text(), path=path).simulate
    played, _ = simulate(tmp_path, "success", "decline")
    again, refused = simulate(tmp_path, "--inspect", "--write")

    assert (code, before, shown["report"]["written"]) == (ExitCode.OK, False, None)
    assert written["report"]["written"] == str(path)
    assert section.purchase_path == "/api/credits/purchase"
    assert "{port}" in str(section.ready)
    assert played == ExitCode.OK
    assert (again, refused["error"]["code"]) == (ExitCode.CONFIGURATION, "simulate.inspect_written")


def test_what_was_said_stands_in_what_is_written(tmp_path: Path) -> None:
    said = [
        "--header",
        "X-User-Id: {user}",
        "--login-command",
        'echo \'{"port": "{port}"}\'',
        "--policy",
        "disputes=at_loss",
    ]
    _, written = simulate(tmp_path, "--inspect", "--write", *zoo(tmp_path), *said)
    path = tmp_path / "creditctl.toml"
    section = parse_project_file(path.read_text(), path=path).simulate

    assert written["report"]["written"] == str(path)
    assert section.headers == ("X-User-Id: {user}",)
    assert section.login_command == said[3]
    assert section.policy == {"disputes": "at_loss"}


def test_without_a_backend_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    code, document = simulate(tmp_path, "--inspect")
    gone, silent = simulate(tmp_path, "--inspect", "--backend", "http://127.0.0.1:9")

    assert (code, document["error"]["code"]) == (ExitCode.USAGE, "simulate.backend_missing")
    assert (gone, silent["error"]["code"]) == (ExitCode.UNREACHABLE, "simulation.backend")
