"""Audit log: an append-only file with one JSON line for every change to Stripe, on the disk before the command goes on.

While a change is under way it lies in a small file beside the audit file, so that a killed command leaves a trace of
it too: the next one that opens the audit file turns it into a line with outcome `unknown`.
"""

from __future__ import annotations

import glob
import json
import os
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from creditctl.core.keys import redact

_FILE_MODE = 0o600


class AuditLog:
    """An append-only file of JSON lines that several processes may write at once.

    Shape:  a line holds `when` (Unix seconds), `purpose`, `what` (method and path), `idempotency_key`, `object`,
            `request_id` and `outcome`: done, replayed or unknown. `process` is a random name, one for the whole
            process: it tells it from an earlier one with the same number, which is usual in containers. `conceal`
            takes out of a line what is secret by its value.
    Errors: OSError where the file cannot be written; `open` is called before the first change is sent.
    """

    def __init__(self, path: Path, clock: Callable[[], int], process: str, conceal: Callable[[str], str] = str) -> None:
        self.path = path
        self._conceal = conceal
        self._process = process
        self._clock = clock
        self._descriptor: int | None = None
        self._purpose = ""

    def open(self) -> None:
        """Opens the file for appending, for its owner alone; a line that a crash left unfinished is closed first."""
        if self._descriptor is not None:
            return
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, _FILE_MODE)
        status = os.fstat(self._descriptor)
        if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) & ~_FILE_MODE:
            os.fchmod(self._descriptor, _FILE_MODE)
        size = status.st_size
        if size and os.pread(self._descriptor, 1, size - 1) != b"\n":
            _write(self._descriptor, b"\n")
        self._recover()

    def begin(self, entry: Mapping[str, object]) -> None:
        """Notes a change that is about to be sent."""
        self.open()
        descriptor = os.open(self._pending, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE_MODE)
        try:
            _write(descriptor, self._line({**entry, "object": None, "request_id": None, "outcome": "unknown"}))
        finally:
            os.close(descriptor)

    def append(self, entry: Mapping[str, object]) -> None:
        """Writes one line in one call, so that lines of two processes never mix, and waits for the disk."""
        self.open()
        if self._descriptor is not None:
            _write(self._descriptor, self._line(entry))
        self.settle()

    def settle(self) -> None:
        """Forgets the change that was about to be sent: its line is written, or it was refused."""
        self._pending.unlink(missing_ok=True)

    @contextmanager
    def purpose(self, text: str) -> Iterator[None]:
        """Names what the changes made inside this block are for."""
        before, self._purpose = self._purpose, text
        try:
            yield
        finally:
            self._purpose = before

    def close(self) -> None:
        """Closes the file."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None

    @property
    def _pending(self) -> Path:
        return self.path.with_name(f"{self.path.name}.{os.getpid()}-{self._process}-{threading.get_ident()}.pending")

    def _line(self, entry: Mapping[str, object]) -> bytes:
        line = {"when": self._clock(), "purpose": self._purpose, **entry}
        return redact(self._conceal(json.dumps(line, ensure_ascii=True))).encode() + b"\n"

    def _recover(self) -> None:
        """Turns what killed commands were about to change into lines; those still running are left alone."""
        for left in sorted(self.path.parent.glob(f"{glob.escape(self.path.name)}.*.pending")):
            if _is_under_way(left.name.split(".")[-2], self._process):
                continue
            with suppress(FileNotFoundError):
                line = left.read_bytes()
                if line.endswith(b"\n") and self._descriptor is not None:
                    _write(self._descriptor, line)
                left.unlink()


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
    os.fsync(descriptor)


def _is_under_way(owner: str, process: str) -> bool:
    """Whether the process that noted a change still runs; where that cannot be found out, it counts as running."""
    number, _, rest = owner.partition("-")
    if number == str(os.getpid()):
        return rest.startswith(process)
    if not (number.isascii() and number.isdigit()):
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
