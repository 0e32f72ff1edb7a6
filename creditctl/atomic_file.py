"""Atomic file writes: a reader, or a crash, sees the old content or the new one, never a part.

The order is what keeps the promise: the content is on the disk before the name leads to it, and the name is on the
disk before the caller goes on.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PRIVATE = 0o600
"""Readable and writable by the owner alone."""
GROUP_READS = 0o640
"""The most that a file with secrets may allow: its group reads it, as where a service's own group does."""
_DRAFT = re.compile(r"\.[a-z0-9_]{8}\.tmp\Z")
"""The end of a draft's name, after the file's own; the eight characters are those of `tempfile.mkstemp`."""
_ACCESS_LIST = "system.posix_acl_access"
"""The attribute in which Linux keeps an access list."""
_OF_CONTENT = frozenset(("security.ima", "security.evm"))
"""Signatures of a file's content and attributes, which another content cannot keep. Source: Linux, "IMA" and "EVM"."""
_SQLITE_ENDINGS = ("-journal", "-wal", "-shm")
"""What SQLite leaves beside a draft that is a database, where it was killed."""


def _set_attribute(descriptor: int, name: str, value: bytes) -> None:
    if sys.platform == "linux":
        os.setxattr(descriptor, name, value)


@dataclass(frozen=True, slots=True)
class FileCalls:
    """The system calls whose order decides what a power cut leaves; tests hand in ones that write the order down.

    Shape: `rename` takes the place of what is there, `link` refuses to; `set_attribute` sets an extended attribute.
    """

    fsync: Callable[[int], None] = os.fsync
    rename: Callable[[Path, Path], None] = os.replace
    link: Callable[[Path, Path], None] = os.link
    set_attribute: Callable[[int, str, bytes], None] = _set_attribute


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
    """Replaces the content of the file behind the path, or creates it; owner and access list stay. Errors: OSError."""
    target = real_path(path)
    with draft_beside(target) as draft:
        with suppress(OSError):
            _keep_owner(draft.descriptor, target)
        with suppress(OSError):
            _keep_attributes(draft.descriptor, target, calls)
        os.fchmod(draft.descriptor, permissions)
        _publish(draft, content, calls, calls.rename)


def replace_secret_file(path: Path, content: bytes, *, calls: FileCalls = SYSTEM) -> None:
    """Replaces a file that holds secrets; owner and group stay, the mode where it is 0640 or stricter, else 0600.

    Shape:  on Linux the access list and the other extended attributes stay too; what an access list allows beyond
            reading by a group is cut off. Elsewhere Python cannot see them.
    Errors: OSError, before anything is written where owner, group or attributes could not be kept: another user's
            program reads the file, and would find it closed.
    """
    target = real_path(path)
    with draft_beside(target) as draft:
        _keep_owner(draft.descriptor, target)
        _keep_attributes(draft.descriptor, target, calls)
        os.fchmod(draft.descriptor, _secret_mode(target))
        _publish(draft, content, calls, calls.rename)


def create_file(path: Path, content: bytes, permissions: int = PRIVATE, *, calls: FileCalls = SYSTEM) -> None:
    """Creates a file that must not be there yet. Errors: FileExistsError; OSError."""
    with draft_beside(path) as draft:
        os.fchmod(draft.descriptor, permissions)
        _publish(draft, content, calls, calls.link)


def check_replaceable(path: Path, *, room_bytes: int = 0, calls: FileCalls = SYSTEM) -> None:
    """Proves that the file could be replaced, owner, group and attributes kept, without touching it.

    Shape:  `room_bytes` is how much has to fit on the disk.
    Errors: OSError.
    """
    target = real_path(path)
    if target.exists():
        with target.open("ab"):
            pass
    with draft_beside(target) as draft:
        _keep_owner(draft.descriptor, target)
        _keep_attributes(draft.descriptor, target, calls)
        _write(draft, b"\0" * room_bytes, calls)


def sweep_drafts(path: Path) -> None:
    """Removes the drafts that killed writes of this file left behind, secrets in them; those in work stay.

    Shape:  only files of this user under the name of a draft.
    Errors: none: what cannot be removed stays for the next run.
    """
    with suppress(OSError):
        target = real_path(path)
        for left in target.parent.iterdir():
            if left.name.startswith(target.name) and _DRAFT.fullmatch(left.name[len(target.name) :]):
                _sweep(left)


def _sweep(left: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(left, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # whoever is at work holds it until the rename
            status = os.fstat(descriptor)
            if stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid():
                for ending in ("", *_SQLITE_ENDINGS):
                    left.with_name(f"{left.name}{ending}").unlink(missing_ok=True)
        finally:
            os.close(descriptor)


def sync_folder(folder: Path, *, calls: FileCalls = SYSTEM) -> None:
    """Syncs a folder to the disk (fsync), so that a new name in it survives a power cut. Errors: OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        calls.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class FileDraft:
    """A file in the making, private, beside the one whose place it takes."""

    descriptor: int
    path: Path
    target: Path


@contextmanager
def draft_beside(target: Path, *, family: str | None = None) -> Iterator[FileDraft]:
    """A draft in the target's own folder, gone afterwards; what killed writes left behind is swept first.

    Shape: `family` is the name that drafts of several targets share, so that each run sweeps for all of them. A rename
           is atomic within one file system only, therefore its own folder.
    """
    named = target if family is None else target.with_name(family)
    sweep_drafts(named)
    descriptor, path = _new_draft(named)
    try:
        yield FileDraft(descriptor, path, target)
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def publish_new(draft: FileDraft, *, calls: FileCalls = SYSTEM) -> None:
    """Gives a finished draft its name, which must not be taken. Errors: FileExistsError; OSError."""
    calls.fsync(draft.descriptor)
    calls.link(draft.path, draft.target)
    sync_folder(draft.target.parent, calls=calls)


def _new_draft(target: Path) -> tuple[int, Path]:
    """A new draft under a lock that says it is in work, made again where a sweep took it before it was locked."""
    while True:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f"{target.name}.", suffix=".tmp")
        if _is_in_work(descriptor) and os.path.exists(name):
            return descriptor, Path(name)
        os.close(descriptor)


def _is_in_work(descriptor: int) -> bool:
    """Locks a draft; False where a sweep has it. Without locks on this file system there are no sweeps either."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _write(draft: FileDraft, content: bytes, calls: FileCalls) -> None:
    with os.fdopen(draft.descriptor, "wb", closefd=False) as stream:
        stream.write(content)
        stream.flush()
    # Without it some file systems put the new name on the disk before the content: an empty file after a crash.
    calls.fsync(draft.descriptor)


def _publish(draft: FileDraft, content: bytes, calls: FileCalls, publish: Callable[[Path, Path], None]) -> None:
    _write(draft, content, calls)
    publish(draft.path, draft.target)
    sync_folder(draft.target.parent, calls=calls)


def _keep_owner(descriptor: int, target: Path) -> None:
    """A file that root rewrites still belongs to the application that reads it. Errors: OSError."""
    if not target.exists():
        return
    wanted, given = target.stat(), os.fstat(descriptor)
    if (wanted.st_uid, wanted.st_gid) == (given.st_uid, given.st_gid):
        return
    try:
        os.fchown(descriptor, wanted.st_uid, wanted.st_gid)
    except OSError as error:
        raise OSError(errno.EPERM, "its owner and group could not be kept", str(target)) from error


def _keep_attributes(descriptor: int, target: Path, calls: FileCalls) -> None:
    """The access list and other extended attributes of the file stay, and what its folder gives to new ones goes.

    Shape:  after this the mode has to be set: an access list brings its own.
    Errors: OSError.
    Source: Linux manual, xattr(7) and acl(5): the group bits of a mode are the mask of an access list.
    """
    if not target.exists():
        return
    wanted, given = _attributes(target), _attributes(descriptor)
    if wanted == given or sys.platform != "linux":
        return
    try:
        for name in given.keys() - wanted.keys():
            os.removexattr(descriptor, name)
        for name, value in wanted.items():
            if given.get(name) != value:
                calls.set_attribute(descriptor, name, value)
    except OSError as error:
        text = "its access list or extended attributes could not be kept"
        raise OSError(error.errno or errno.EPERM, text, str(target)) from error


def _attributes(file: int | Path) -> dict[str, bytes]:
    """The extended attributes of a file that belong to it whatever its content; none where there are no such."""
    if sys.platform != "linux":
        return {}
    try:
        return {name: os.getxattr(file, name) for name in os.listxattr(file) if name not in _OF_CONTENT}
    except OSError as error:
        if error.errno in (errno.ENOTSUP, errno.ENOSYS):
            return {}
        raise


def _secret_mode(target: Path) -> int:
    if not target.exists():
        return PRIVATE
    mode = stat.S_IMODE(target.stat().st_mode)
    if mode & ~GROUP_READS == 0:
        return mode
    # Whom an access list names would be locked out by 0600, which is its mask too.
    return mode & GROUP_READS if _ACCESS_LIST in _attributes(target) else PRIVATE
