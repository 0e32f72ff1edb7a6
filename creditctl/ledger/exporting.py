"""Export of entries as CSV or JSON lines, streamed, to files that are there whole or not at all."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from creditctl.core.errors import ConfigurationError


def write_csv(rows: Iterable[Mapping[str, object]], columns: Sequence[str], stream: TextIO) -> int:
    """Writes rows with a header, and says how many. Shape: true and false as 1 and 0, nothing as an empty field."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([int(value) if isinstance(value := row[name], bool) else value for name in columns])
        count += 1
    return count


def write_json_lines(rows: Iterable[Mapping[str, object]], stream: TextIO) -> int:
    """Writes one JSON object a line, and says how many."""
    count = 0
    for row in rows:
        stream.write(json.dumps(row, separators=(",", ":"), default=str) + "\n")
        count += 1
    return count


@contextmanager
def new_file(path: Path) -> Iterator[TextIO]:
    """Opens a new file for writing; it takes its name when all of it is on disk, and never that of another file.

    Errors: ConfigurationError if there is something already.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    _require_free(path)
    try:
        with unfinished.open("x", encoding="utf-8", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(unfinished, path)
        except FileExistsError:
            _require_free(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _require_free(path: Path) -> None:
    if path.exists():
        raise ConfigurationError(
            f"There is already something at {path}.",
            code="file.exists",
            fix="Name a file that does not exist yet.",
        )
