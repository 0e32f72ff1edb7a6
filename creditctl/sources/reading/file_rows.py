"""File rows: CSV with any delimiter and encoding, JSON lines and JSON arrays; columns may differ line by line."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from creditctl.core.errors import ConfigurationError
from creditctl.core.project_file.source import SourceSection
from creditctl.sources.mapping.row_mapper import Habits
from creditctl.sources.reading.extended_json import parsed_json
from creditctl.sources.reading.habits import habits_of
from creditctl.sources.reading.raw_rows import Pairs, RawRow, UpdatedSince

DELIMITERS = (",", ";", "\t", "|")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATOR_LINE = "sep="
_OLD_ENCODING = "cp1252"


class FileRows:
    """Rows of a file. Shape: `section` says which columns hold numbers and times, whose spelling is found out first."""

    def __init__(self, path: Path, section: SourceSection) -> None:
        self._path = path
        self._section = section
        self.shown = self.place = str(path)

    @contextmanager
    def reading(self) -> Iterator[OpenFile]:
        """Opens the file. Errors: ConfigurationError where it cannot be read."""
        try:
            encoding = encoding_of(self._path)
            read = _reader(self._path, encoding)
            columns = _columns(read)
            notes = [f"{self._path.name} is not UTF-8; it was read as {encoding}"] if encoding == _OLD_ENCODING else []
            yield OpenFile(read, columns, _habits(read, self._section, columns), notes)
        except (OSError, csv.Error, UnicodeDecodeError) as error:
            raise _unreadable(self._path, getattr(error, "strerror", None) or str(error)) from error


@dataclass(frozen=True)
class OpenFile:
    """Rows of a file that is being read."""

    read: Callable[[], Iterator[RawRow]]
    columns: Sequence[str]
    habits: Habits
    notes: Sequence[str]
    tables: None = None

    def rows(self, wanted: Collection[str], since: UpdatedSince | None = None) -> Iterator[RawRow]:  # noqa: ARG002
        """As OpenRows says; a file is always read whole."""
        names = set(wanted)
        for columns, line in self.read():
            yield RawRow({name: value for name, value in columns.items() if name in names}, line)


def pairs_of_file(path: Path) -> Pairs:
    """The first two columns of a file. Errors: ConfigurationError where it cannot be read, or has fewer."""
    try:
        for columns, line in _reader(path, encoding_of(path))():
            first, second, *_ = (*columns.values(), None, None)
            if second is None:
                raise _unreadable(path, f"line {line} has no second column")
            yield first, second
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise _unreadable(path, getattr(error, "strerror", None) or str(error)) from error


def encoding_of(path: Path) -> str:
    """The encoding of a file: what its first bytes say, UTF-8 where all of it is, else that of older Windows tools."""
    with path.open("rb") as stream:
        head = stream.read(4)
    marked = next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), None)
    if marked is not None:
        return marked
    try:
        with path.open(encoding="utf-8", newline="") as text:
            while text.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return _OLD_ENCODING
    return "utf-8"


def _reader(path: Path, encoding: str) -> Callable[[], Iterator[RawRow]]:
    """What reads the file from its start, each time it is called."""
    with path.open(encoding=encoding, newline="") as stream:
        head = stream.read(1 << 16)
    first = head.lstrip()[:1]
    if first == "[":
        return lambda: _array_rows(path, encoding)
    if first == "{":
        return lambda: _line_rows(path, encoding)
    delimiter, skipped = _delimiter(head)
    return lambda: _csv_rows(path, encoding, delimiter, skipped)


def delimiter_of(path: Path) -> str:
    """What parts the columns of a CSV file. Errors: OSError where it cannot be read."""
    with path.open(encoding=encoding_of(path), newline="") as stream:
        return _delimiter(stream.read(1 << 16))[0]


def _delimiter(head: str) -> tuple[str, int]:
    """What parts the columns of a CSV file, by its header; and how many lines come before that."""
    first = head.partition("\n")[0].strip("\r\ufeff")
    if first.lower().startswith(_SEPARATOR_LINE) and len(first) == len(_SEPARATOR_LINE) + 1:
        return first[-1], 1
    counts = {mark: len(next(csv.reader([first], delimiter=mark), [])) for mark in DELIMITERS}
    return max(counts, key=lambda mark: counts[mark]), 0


def _csv_rows(path: Path, encoding: str, delimiter: str, skipped: int) -> Iterator[RawRow]:
    """The records of a CSV file; one over several lines counts as the first of them. Errors: ConfigurationError."""
    with path.open(encoding=encoding, newline="") as stream:
        for _ in range(skipped):
            stream.readline()
        records = csv.reader(stream, delimiter=delimiter)
        header = [name.strip() for name in next(records, [])]
        _require_distinct(path, header)
        line = records.line_num + skipped + 1
        for record in records:
            if any(cell.strip() for cell in record):
                if len(record) > len(header):
                    raise _unreadable(path, f"line {line} has {len(record)} columns, and the header {len(header)}")
                yield RawRow(dict(zip(header, record, strict=False)), line)
            line = records.line_num + skipped + 1


def _line_rows(path: Path, encoding: str) -> Iterator[RawRow]:
    with path.open(encoding=encoding, newline="") as stream:
        for line, text in enumerate(_lines(stream), 1):
            if text.strip():
                yield RawRow(_object(path, line, text), line)


def _lines(stream: TextIO) -> Iterator[str]:
    """The lines of a file, parted by line feeds alone: other separators may stand inside JSON."""
    yield from stream


def _array_rows(path: Path, encoding: str) -> Iterator[RawRow]:
    try:
        found = parsed_json(path.read_text(encoding=encoding))
    except ValueError as error:
        raise _unreadable(path, f"it is not JSON: {error}") from error
    for line, each in enumerate(found if isinstance(found, list) else [], 1):
        if not isinstance(each, dict):
            raise _unreadable(path, f"its {line}. element is no object")
        yield RawRow(each, line)


def _object(path: Path, line: int, text: str) -> dict[str, object]:
    try:
        found = parsed_json(text)
    except ValueError as error:
        raise _unreadable(path, f"line {line} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise _unreadable(path, f"line {line} is no JSON object")
    return found


def _columns(read: Callable[[], Iterator[RawRow]]) -> tuple[str, ...]:
    """Every column that any row has, in the order in which they come."""
    return tuple(dict.fromkeys(name for row in read() for name in row.columns))


def _habits(read: Callable[[], Iterator[RawRow]], section: SourceSection, columns: Sequence[str]) -> Habits:
    """How a file writes numbers and dates; nothing is known where its columns are not, which whoever maps them says."""
    if any(name not in columns and name not in section.columns for name in ("created", "credits")):
        return Habits()
    return habits_of(read, section, columns)


def _require_distinct(path: Path, header: Sequence[str]) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise _unreadable(path, f"it has two columns {twice[0]!r}")


def _unreadable(path: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"Cannot read {path}: {reason}.", code="file.unreadable", fix="Check the path, its permissions and its format."
    )
