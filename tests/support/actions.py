"""A composite GitHub Action run on this machine: its shell steps, with inputs filled in as a runner does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")


def shell_steps(action: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The steps that run a script; those of other actions stand for tools that this machine has."""
    return [step for step in action["runs"]["steps"] if "run" in step]


def run_step(
    action: Mapping[str, Any], step: Mapping[str, Any], inputs: Mapping[str, str], *, action_path: Path, runner: Path
) -> subprocess.CompletedProcess[str]:
    """Runs one step as GitHub's runner does: bash with -e and pipefail, expressions only in its environment."""
    known = {f"inputs.{name}": str(each.get("default", "")) for name, each in action["inputs"].items()}
    known |= {f"inputs.{name}": value for name, value in inputs.items()}
    known |= {"github.action_path": str(action_path), "steps.python.outputs.python-path": sys.executable}

    def filled(text: str) -> str:
        return _EXPRESSION.sub(lambda found: known[found.group(1)], text)

    environ = {**os.environ, **{name: filled(str(value)) for name, value in step.get("env", {}).items()}}
    environ |= {"RUNNER_TEMP": str(runner), "GITHUB_STEP_SUMMARY": str(runner / "summary.md")}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    folder = runner / filled(step.get("working-directory", "."))
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
