"""Standing file: whether the database file at a path is still the one that is open, by device and inode (os.stat).

It is never found out by opening the file: closing any descriptor of it would drop the locks that SQLite holds.

Source: SQLite documentation, "How To Corrupt An SQLite Database File", "Posix advisory locks canceled by a separate
        thread doing close()" and "Unlinking or renaming a database file while in use".
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from creditctl.core.errors import LedgerError


class Inode(NamedTuple):
    """Identity of a file on this machine."""

    device: int
    number: int


class FileMoved(LedgerError):
    """What stands at a database's path is not what is open: a commit would be lost."""


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """Identity of a database file and of its write-ahead log; None for what is not there. Units: `size` in bytes.

    Shape: `log_state` is the log's size and when it was changed last: a file that is gone may leave the number of its
           inode to the next one, which was changed later.
    """

    main: Inode | None
    log: Inode | None
    size: int
    log_state: tuple[int, int] | None = None

    @classmethod
    def at(cls, path: Path) -> FileIdentity:
        """What stands at a path now. Shape: without symbolic links, for SQLite puts the log beside the real file."""
        main, log = _status(str(path)), _status(f"{path}-wal")
        state = None if log is None else (log.st_size, log.st_ctime_ns)
        return cls(_inode(main), _inode(log), 0 if main is None else main.st_size, state)

    def left_behind(self, path: Path) -> FileIdentity:
        """The same file after it was closed, with its log as it stands there now; with none where another does."""
        now = FileIdentity.at(Path(os.path.realpath(path)))
        return replace(self, log_state=now.log_state if now.log == self.log else None)


class StandingFile:
    """Watch over one open database file: remembers which one was opened, and compares it with what stands there.

    Shape: safe to use from several threads. The write-ahead log keeps its inode for as long as anybody has the file
           open; without one (another journal mode) it is not compared.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._real = Path(os.path.realpath(path))
        self._lock = threading.Lock()
        self.opened: FileIdentity | None = None

    def note(self, before: Inode | None = None) -> None:
        """Remembers what stands there as what is open now.

        Shape:  `before` is what stood there just before it was opened.
        Errors: FileMoved where that, or what was open until now, was another file.
        """
        with self._lock:
            now = self.now()
            known = before if self.opened is None else self.opened.main
            if now.main is None or (known is not None and now.main != known):
                raise self._moved(now)
            self.opened = now

    def require(self) -> None:
        """Proves that what is open stands there. Errors: FileMoved."""
        with self._lock:
            self._compare(self.now())

    def now(self) -> FileIdentity:
        """What stands there now."""
        return FileIdentity.at(self._followed())

    def _followed(self) -> Path:
        """The real path: where a link at the path was turned to another file, that one stands there."""
        return Path(os.path.realpath(self.path)) if self.path.is_symlink() else self._real

    def _compare(self, now: FileIdentity) -> None:
        opened = self.opened
        if opened is None:
            return
        other_log = opened.log is not None and now.log != opened.log
        if now.main != opened.main or other_log or now.size < opened.size:
            raise self._moved(now)
        if now.size != opened.size:
            self.opened = FileIdentity(opened.main, opened.log, now.size)

    def _moved(self, now: FileIdentity) -> FileMoved:
        return FileMoved(
            f"{self._what(now)} What was being written is not in the file that stands there.",
            code="ledger.file_moved",
            fix="Put the file back, or restore a backup under that name, and run the same command again.",
        )

    def _what(self, now: FileIdentity) -> str:
        if now.main is None:
            return f"The file {self.path} is gone: it was moved or deleted while it was open."
        if self.opened is None or now.main != self.opened.main:
            return f"Another file stands at {self.path} than the one that is open."
        if now.size < self.opened.size:
            return f"The file {self.path} was written over by another program while it was open."
        return f"The write-ahead log {self.path.name}-wal was moved or deleted while the file was open."


def remove_stale_log(path: Path, opened: FileIdentity) -> None:
    """Removes a write-ahead log that is left of the file which stood there before: it is not one of the new file.

    Shape:  nothing happens where the file is still the same, or the log is another, or was changed since.
    Errors: OSError.
    """
    real = Path(os.path.realpath(path))
    now = FileIdentity.at(real)
    is_stale = now.log is not None and (now.log, now.log_state) == (opened.log, opened.log_state)
    if now.main is not None and now.main != opened.main and is_stale:
        Path(f"{real}-wal").unlink(missing_ok=True)
        Path(f"{real}-shm").unlink(missing_ok=True)


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None


def _inode(status: os.stat_result | None) -> Inode | None:
    return None if status is None else Inode(status.st_dev, status.st_ino)
