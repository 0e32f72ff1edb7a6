"""Writes files whole or not at all: a reader, or a crash, sees the old content or the new one, never a part."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PRIVATE = 0o600
"""Readable and writable by the owner alone."""


def real_path(path: Path) -> Path:
    """The file that a path leads to, through symbolic links.

    Errors: OSError where something stands there that is no file, such as /dev/null, which must never be replaced.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        code = errno.EISDIR if target.is_dir() else errno.EINVAL
        raise OSError(code, "it is a folder" if target.is_dir() else "it is no ordinary file", str(path))
    return target


def replace_file(path: Path, content: bytes, permissions: int = PRIVATE) -> None:
    """Replaces the content of the file behind the path, or creates it; the owner stays. Errors: OSError."""
    target = real_path(path)
    _with_draft(target, content, permissions, lambda draft: draft.replace(target))


def create_file(path: Path, content: bytes, permissions: int = PRIVATE) -> None:
    """Writes a file that must not be there yet. Errors: FileExistsError; OSError."""
    _with_draft(path, content, permissions, lambda draft: os.link(draft, path))


def check_replaceable(path: Path) -> None:
    """Proves that the file could be replaced, without touching it. Errors: OSError."""
    target = real_path(path)
    if target.exists():
        with target.open("ab"):
            pass
    descriptor, draft = _new_draft(target)
    os.close(descriptor)
    draft.unlink()


def _new_draft(target: Path) -> tuple[int, Path]:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f"{target.name}.", suffix=".tmp")
    return descriptor, Path(name)


def _with_draft(target: Path, content: bytes, permissions: int, publish: Callable[[Path], object]) -> None:
    descriptor, draft = _new_draft(target)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, permissions)
            _keep_owner(descriptor, target)
            stream.write(content)
            stream.flush()
            os.fsync(descriptor)
        publish(draft)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(target.parent)


def _keep_owner(descriptor: int, target: Path) -> None:
    """A file that root rewrites still belongs to the application that reads it."""
    with suppress(OSError):
        status = target.stat()
        os.fchown(descriptor, status.st_uid, status.st_gid)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
