"""Scratch folder: a temporary folder of one run, gone at its end; what a killed run left is swept by the next."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_MARK = ".creditctl-scratch"
"""The file in each of them that is locked for as long as its run lives."""
_RANDOM = re.compile(r"[a-z0-9_]{8}")


@contextmanager
def scratch_folder(purpose: str, *, within: Path | None = None) -> Iterator[Path]:
    """A new folder that only its owner may enter, removed afterwards.

    Shape: `purpose` is a word of its name; `within` stands in for the system's own place for temporary files.
    """
    place = Path(tempfile.gettempdir()) if within is None else within
    prefix = f"creditctl-{purpose}-"
    _sweep(place, prefix)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    descriptor = os.open(folder / _MARK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _sweep(place: Path, prefix: str) -> None:
    with suppress(OSError):
        for left in place.iterdir():
            if left.name.startswith(prefix) and _RANDOM.fullmatch(left.name[len(prefix) :]):
                _remove_abandoned(left)


def _remove_abandoned(left: Path) -> None:
    """Removes a folder of this user that holds our mark, unless its run still lives."""
    with suppress(OSError):
        if left.is_symlink() or left.stat().st_uid != os.geteuid():
            return
        descriptor = os.open(left / _MARK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        finally:
            os.close(descriptor)
