"""The audit file: one JSON line for every change to Stripe, on the disk before the command goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from creditctl.core.keys import redact

_FILE_MODE = 0o600


class AuditLog:
    """An append-only file of JSON lines that several processes may write at once.

    Shape:  `when` (Unix seconds), `purpose`, `what` (method and path), `idempotency_key`, `object`, `request_id` and
            `outcome`: done, replayed or unknown.
    Errors: OSError where the file cannot be written; `open` is called before the first change is sent.
    """

    def __init__(self, path: Path, clock: Callable[[], int]) -> None:
        self.path = path
        self._clock = clock
        self._descriptor: int | None = None
        self._purpose = ""

    def open(self) -> None:
        """Opens the file for appending; a line that a crash left unfinished is closed first."""
        if self._descriptor is not None:
            return
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, _FILE_MODE)
        size = os.fstat(self._descriptor).st_size
        if size and os.pread(self._descriptor, 1, size - 1) != b"\n":
            self._write(b"\n")

    def append(self, entry: Mapping[str, Any]) -> None:
        """Writes one line in one call, so that lines of two processes never mix, and waits for the disk."""
        self.open()
        line = {"when": self._clock(), "purpose": self._purpose, **entry}
        self._write(redact(json.dumps(line, ensure_ascii=True)).encode() + b"\n")

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

    def _write(self, data: bytes) -> None:
        if self._descriptor is None:
            raise RuntimeError("the audit file is not open")
        while data:
            data = data[os.write(self._descriptor, data) :]
        os.fsync(self._descriptor)
