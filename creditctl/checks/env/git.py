"""Git queries: whether a file is tracked or ignored, and which tracked files hold a key. Reads only."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from creditctl.checks.env.model import KeyPlace
from creditctl.checks.env.placeholders import is_placeholder, is_sample_key

GitRunner = Callable[[Path, Sequence[str]], tuple[int, str]]
"""Runs git in a folder: arguments to exit status and stdout. Errors: OSError or TimeoutError where git cannot run."""

_TIMEOUT_SECONDS = 10
_MOST_LEAKS = 20
_NOT_FOUND, _NO_REPOSITORY = 1, 128
_KEY = "(sk|rk)_(live_[A-Za-z0-9]{16,}|test_[A-Za-z0-9]{24,})|whsec_[A-Za-z0-9]{24,}"


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


def tracked_keys(folder: Path, git: GitRunner) -> tuple[KeyPlace, ...]:
    """Finds the places in tracked files below a folder that hold a key or signing secret; neither is kept.

    Shape: the worst first; a test key or signing secret counts where it has the mixed characters of a real one, so
           that a test's own filler does not.
    """
    status, answer = git(folder, ["grep", "-nIE", "--no-color", "-z", _KEY, "--", "."])
    if status != 0:
        return ()
    # with -z a NUL ends the path, so that no path can be mistaken for anything else
    hits = (hit.partition("\0") for hit in answer.splitlines())
    found = ((path, re.match(r"\d+", rest), rest) for path, _, rest in hits)
    places = [place for path, line, rest in found if line for place in _places(f"{path}:{line[0]}", rest)]
    return tuple(sorted(places, key=lambda place: (not place.livemode, place.livemode is None))[:_MOST_LEAKS])


def _places(where: str, line: str) -> list[KeyPlace]:
    """What a line holds: a live key, else a test key, else a signing secret; nothing where it is an example's."""
    if re.search(r"(sk|rk)_live_[A-Za-z0-9]{16,}", line):
        return [KeyPlace(where, livemode=True)]
    for pattern, livemode in ((r"(?:sk|rk)_test_[A-Za-z0-9]{24,}", False), (r"whsec_[A-Za-z0-9]{24,}", None)):
        if any(_is_real(match[0]) for match in re.finditer(pattern, line)):
            return [KeyPlace(where, livemode)]
    return []


def _is_real(key: str) -> bool:
    body = key.rpartition("_")[2]
    mixed = all(re.search(kind, body) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    return mixed and not is_placeholder(key) and not is_sample_key(key)
