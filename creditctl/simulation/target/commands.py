"""Commands of a target: run without a shell, bounded in time, for balances, logins, spending and recovery."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from creditctl.core.text import first_words
from creditctl.simulation.target.declaration import fill

_TIMEOUT_SECONDS = 60.0
_SHOWN_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """What a command answered. Shape: `code` None where it could not be started or took too long."""

    code: int | None
    stdout: str
    problem: str

    @property
    def ok(self) -> bool:
        """Whether it ended with exit code 0."""
        return self.code == 0


def run_words(template: str, values: Mapping[str, object]) -> CommandAnswer:
    """Runs a command, split into words before the values are filled in: no value can become a second word."""
    words = [fill(word, values) for word in shlex.split(template)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return CommandAnswer(None, "", f"{words[0] if words else 'the command'}: {type(error).__name__}")
    problem = (
        "" if done.returncode == 0 else f"exit {done.returncode}: {first_words(done.stderr.strip(), _SHOWN_CHARACTERS)}"
    )
    return CommandAnswer(done.returncode, done.stdout, problem)
