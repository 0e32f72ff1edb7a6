"""Open database file: its path and connections, closed at the end of a `with` block. Base of Ledger and Archive."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from creditctl.ledger.sqlite.connections import Connections


class DatabaseFile:
    """One SQLite file that is open, in several threads at once if need be."""

    def __init__(self, path: Path, connections: Connections) -> None:
        self.path = path
        self._connections = connections

    def close(self) -> None:
        """Closes the connections of all threads; none may be using the file."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
