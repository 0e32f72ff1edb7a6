"""Export of entries as CSV or JSON lines, streamed, to files that are there whole or not at all."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from creditctl.atomic_file import draft_beside, publish_new
from creditctl.core.errors import ConfigurationError
from creditctl.core.text import printable

DRAFTS = ".creditctl-copy"
"""How the drafts of exports and backups begin, whatever their target is called."""

_FORMULA = re.compile("'*[=+\\-@\\t\\r\\n\uff1d\uff0b\uff0d\uff20]")
"""The beginning of a text that a spreadsheet would run, in full-width letters too. Source: OWASP, "CSV Injection"."""


def to_cell(value: object) -> object:
    """A value as a CSV cell: a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if isinstance(value, str):
        return f"'{value}" if _FORMULA.match(value) else value
    return int(value) if isinstance(value, bool) else value


def from_cell(text: str) -> str:
    """The text that `to_cell` made a cell of, unchanged."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def write_csv(
    rows: Iterable[Mapping[str, object]], columns: Sequence[str], stream: TextIO, *, for_people: bool = False
) -> int:
    """Writes rows with a header, and says how many.

    Shape: cells as `to_cell`, true as 1, nothing as an empty field. For people what does not print is spelled out: it
           could turn around or hide what stands beside it.
    """
    writer = csv.writer(_UnixLines(stream), lineterminator="\r\n")
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([to_cell(_seen(row[name]) if for_people else row[name]) for name in columns])
        count += 1
    return count


def _seen(value: object) -> object:
    return printable(value) if isinstance(value, str) else value


class _UnixLines:
    """Text stream that ends each record with a newline alone.

    The writer quotes a text that holds a character of its line end, and what it leaves bare no reader brings back: so
    it is told of both.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, record: str) -> int:
        """Writes one record, which the writer hands over whole."""
        return self._stream.write(record.removesuffix("\r\n") + "\n")


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

    Shape:  readable by its owner alone, from its first byte on.
    Errors: ConfigurationError if there is something already.
    """
    _require_free(path)
    with draft_beside(path, family=DRAFTS) as draft:
        with os.fdopen(draft.descriptor, "w", encoding="utf-8", newline="", closefd=False) as stream:
            yield stream
        try:
            publish_new(draft)
        except FileExistsError:
            _require_free(path)


def _require_free(path: Path) -> None:
    if path.exists():
        raise ConfigurationError(
            f"There is already something at {path}.",
            code="file.exists",
            fix="Name a file that does not exist yet.",
        )
