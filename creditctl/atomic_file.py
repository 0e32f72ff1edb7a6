"""Atomic file writes: a reader, or a crash, sees the old content or the new one, never a part.

The order is what keeps the promise: the content is on the disk before the name leads to it, and the name is on the
disk before the caller goes on.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PRIVATE = 0o600
"""Readable and writable by the owner alone."""


@dataclass(frozen=True, slots=True)
class FileCalls:
    """The system calls whose order decides what a power cut leaves; tests hand in ones that write the order down.

    Shape: `rename` takes the place of what is there, `link` refuses to.
    """

    fsync: Callable[[int], None] = os.fsync
    rename: Callable[[Path, Path], None] = os.replace
    link: Callable[[Path, Path], None] = os.link


SYSTEM = FileCalls()


def real_path(path: Path) -> Path:
    """Resolves symbolic links to the file that a path leads to.

    Errors: OSError where something stands there that is no file, such as /dev/null, which must never be replaced.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        code = errno.EISDIR if target.is_dir() else errno.EINVAL
        raise OSError(code, "it is a folder" if target.is_dir() else "it is no ordinary file", str(path))
    return target


def replace_file(path: Path, content: bytes, permissions: int = PRIVATE, *, calls: FileCalls = SYSTEM) -> None:
    """Replaces the content of the file behind the path, or creates it; the owner stays. Errors: OSError."""
    target = real_path(path)
    _with_draft(target, content, permissions, calls, calls.rename)


def create_file(path: Path, content: bytes, permissions: int = PRIVATE, *, calls: FileCalls = SYSTEM) -> None:
    """Creates a file that must not be there yet. Errors: FileExistsError; OSError."""
    _with_draft(path, content, permissions, calls, calls.link)


def check_replaceable(path: Path) -> None:
    """Proves that the file could be replaced, without touching it. Errors: OSError."""
    target = real_path(path)
    if target.exists():
        with target.open("ab"):
            pass
    descriptor, draft = _new_draft(target)
    os.close(descriptor)
    draft.unlink()


def sync_folder(folder: Path, *, calls: FileCalls = SYSTEM) -> None:
    """Syncs a folder to the disk (fsync), so that a new name in it survives a power cut. Errors: OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        calls.fsync(descriptor)
    finally:
        os.close(descriptor)


def _new_draft(target: Path) -> tuple[int, Path]:
    """A draft in the target's own folder: a rename is atomic within one file system only."""
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f"{target.name}.", suffix=".tmp")
    return descriptor, Path(name)


def _with_draft(
    target: Path, content: bytes, permissions: int, calls: FileCalls, publish: Callable[[Path, Path], None]
) -> None:
    descriptor, draft = _new_draft(target)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, permissions)
            _keep_owner(descriptor, target)
            stream.write(content)
            stream.flush()
            # Without it some file systems put the new name on the disk before the content: an empty file after a crash.
            calls.fsync(descriptor)
        publish(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(target.parent, calls=calls)


def _keep_owner(descriptor: int, target: Path) -> None:
    """A file that root rewrites still belongs to the application that reads it."""
    with suppress(OSError):
        status = target.stat()
        os.fchown(descriptor, status.st_uid, status.st_gid)
