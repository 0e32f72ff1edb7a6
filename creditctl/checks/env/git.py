"""Git queries: whether a file is tracked or ignored, and which tracked files hold a live key. Reads only."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

GitRunner = Callable[[Path, Sequence[str]], tuple[int, str]]
"""Runs git in a folder: arguments to exit status and stdout. Errors: OSError or TimeoutError where git cannot run."""

_TIMEOUT_SECONDS = 10
_MOST_LEAKS = 20
_NOT_FOUND, _NO_REPOSITORY = 1, 128
_LIVE_KEY = "(sk|rk)_live_[A-Za-z0-9]{16,}"


def run_git(folder: Path, arguments: Sequence[str]) -> tuple[int, str]:
    """Runs git, with its messages in English and without any lock taken.

    Errors: OSError if git is not installed; TimeoutError if it takes too long.
    """
    environ = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
            env=environ,
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError("git took too long") from None
    return done.returncode, done.stdout.decode(errors="replace")


def is_in_repository(folder: Path, git: GitRunner) -> bool:
    """Whether a folder belongs to a git work tree. Errors: OSError or TimeoutError where git cannot run."""
    status, answer = git(folder, ["rev-parse", "--is-inside-work-tree"])
    return status == 0 and answer.strip() == "true"


def is_tracked(path: Path, git: GitRunner) -> bool:
    """Whether git has the file in its index."""
    status, _ = git(path.parent, ["ls-files", "--error-unmatch", "--", path.name])
    return status == 0


def is_ignored(path: Path, git: GitRunner) -> bool | None:
    """Whether git's rules ignore the path, whether or not it exists; None where git does not say."""
    status, _ = git(path.parent, ["check-ignore", "-q", "--no-index", "--", path.name])
    return {0: True, _NOT_FOUND: False}.get(status)


def tracked_live_keys(folder: Path, git: GitRunner) -> tuple[str, ...]:
    """Finds places (`file:line`) in tracked files below a folder that hold a live key; the key itself is not kept."""
    status, answer = git(folder, ["grep", "-nIE", "--no-color", "-z", _LIVE_KEY, "--", "."])
    if status != 0:
        return ()
    # with -z a NUL ends the path, so that no path can be mistaken for anything else
    hits = (hit.partition("\0") for hit in answer.splitlines())
    numbered = ((path, re.match(r"\d+", rest)) for path, _, rest in hits)
    return tuple(f"{path}:{line[0]}" for path, line in numbered if line)[:_MOST_LEAKS]
