"""The GitHub Action: parsed, its steps run on this machine, without a secret and without the source's history."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.actions import run_step, shell_steps

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github" / "actions" / "simulate"
ZOO = f"exec {sys.executable} -m tests.simulation.zoo"
READY = "http://127.0.0.1:{port}/api/credits/balance?user_id=x"


@pytest.fixture(scope="module")
def action() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    found: dict[str, Any] = yaml.safe_load((FOLDER / "action.yml").read_text())
    return found


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    """A runner's folder in which this checkout is what the first step would have installed."""
    tools = tmp_path / "creditctl" / "bin"
    tools.mkdir(parents=True)
    tool = tools / "creditctl"
    tool.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m creditctl "$@"\n')
    tool.chmod(0o755)
    return tmp_path


def play(action: dict[str, Any], runner: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    return run_step(action, shell_steps(action)[1], inputs, action_path=FOLDER, runner=runner)


def test_every_input_has_a_text_and_a_default_and_none_stands_in_a_script(action: dict[str, Any]) -> None:
    assert action["runs"]["using"] == "composite"
    assert all(each["description"] and "default" in each for each in action["inputs"].values())
    assert not [step for step in shell_steps(action) if "${{" in step["run"]]
    assert all(step["shell"] == "bash" for step in shell_steps(action))


def test_it_asks_for_no_secret_so_that_forks_may_run_it(action: dict[str, Any]) -> None:
    text = (FOLDER / "action.yml").read_text()

    assert "secrets." not in text
    assert "github.token" not in text
    assert not {name for name in action["inputs"] if "key" in name or "token" in name or "secret" in name}


def test_a_backend_is_started_judged_and_reported(action: dict[str, Any], runner: Path) -> None:
    done = play(
        action,
        runner,
        start=f"cd {ROOT} && {ZOO} no-signature {runner / 'zoo.db'}",
        ready=READY,
        arguments="signature-forged success --timeout 20",
        junit="report.xml",
    )

    assert done.returncode == 1, done.stderr
    assert "::error title=simulate signature-forged%3A signature_not_checked::" in done.stderr
    assert "signature_not_checked" in (runner / "summary.md").read_text()
    assert "<testsuites" in (runner / "report.xml").read_text()


def test_a_job_that_says_nothing_of_its_backend_is_not_green(action: dict[str, Any], runner: Path) -> None:
    (runner / "creditctl.toml").write_text("[webhook]\npath = '/hook'\n")

    done = play(action, runner)

    assert done.returncode == 2
    assert "::error::Nothing to test" in done.stdout


def test_the_project_file_may_say_it_all_in_a_folder_of_its_own(action: dict[str, Any], runner: Path) -> None:
    folder = runner / "service"
    folder.mkdir()
    start = f"cd {ROOT} && {ZOO} plain {runner / 'zoo.db'}"
    (folder / "creditctl.toml").write_text(f"[simulate]\nstart = '''{start}'''\nready = '{READY}'\n")

    done = play(action, runner, groups="purchases robustness", **{"working-directory": "service"})

    assert done.returncode == 0, done.stdout + done.stderr
    assert "odd-purchases" in done.stderr


def test_what_the_first_step_installs_is_whole(action: dict[str, Any], tmp_path: Path) -> None:
    install, play_step = shell_steps(action)
    # Whether pip also compiles what it installs shows in nothing but the time that it takes.
    quicker = {**install, "env": {**install["env"], "PIP_NO_COMPILE": "1"}}
    done = run_step(action, quicker, {}, action_path=FOLDER, runner=tmp_path)
    if "Could not find a version" in done.stderr:
        pytest.skip("no package index can be reached from here")
    assert done.returncode == 0, done.stderr

    listed = run_step(action, play_step, {"start": "none", "arguments": "--list"}, action_path=FOLDER, runner=tmp_path)

    assert listed.stdout.count("\n") > 100
    site = next((tmp_path / "creditctl" / "lib").glob("python*/site-packages"))
    assert "creditctl.cli.testing.plugin" in next(site.glob("creditctl-*/entry_points.txt")).read_text()
