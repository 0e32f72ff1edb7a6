"""File sources: rows to import from CSV and JSON lines files."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import Any, TextIO

from creditctl.core.errors import ConfigurationError, UsageError
from creditctl.ledger.exporting import from_cell
from creditctl.ledger.hashchain.chain import COLUMNS
from creditctl.sources.mapping.conditions import Condition, parse_condition
from creditctl.sources.reading.file_rows import delimiter_of, encoding_of
from creditctl.sources.source import ColumnMap, ColumnSelection, RawRow, source_name
from creditctl.sources.values.bad_value import BadRow

CSV, JSON_LINES = "csv", "jsonl"
_SUFFIXES = {".csv": CSV, ".tsv": CSV, ".jsonl": JSON_LINES, ".ndjson": JSON_LINES}


def open_file(
    path: Path,
    columns: ColumnMap,
    *,
    format: str | None,
    name: str | None,
    delimiter: str | None,
    where: str | None = None,
) -> FileSource:
    """Opens a file as a source.

    Shape:  without `format` and `delimiter` the suffix decides, without `name` the file's name; only rows for which
            `where` holds are read.
    Errors: ConfigurationError if it cannot be read; UsageError if its format or its columns are not clear.
    """
    chosen = format or _SUFFIXES.get(path.suffix.lower())
    if chosen is None:
        raise UsageError(
            f"{path.name} may be CSV or JSON lines: its name does not say.",
            code="import.format",
            fix="Add --format csv or --format jsonl.",
        )
    label = source_name(path.stem if name is None else name, given=name is not None)
    kind = CsvSource if chosen == CSV else JsonLinesSource
    try:
        found = delimiter or (delimiter_of(path) if chosen == CSV else ",")
        return kind(path, label, columns, found, where)
    except UnicodeDecodeError as error:
        raise _unreadable(path, "it is no text") from error
    except OSError as error:
        raise _unreadable(path, (error.strerror or "unreadable").lower()) from error


class FileSource:
    """Base of the CSV and JSON lines sources. Its rows are told apart by their own id or key, else by their line."""

    numbered = False

    def __init__(self, path: Path, name: str, columns: ColumnMap, delimiter: str, where: str | None = None) -> None:
        self.name = name
        self._path = path
        self._delimiter = delimiter
        available = self._available()
        self._selection = columns.pick(available, str(path))
        self._where: Condition | None = None if where is None else parse_condition(where, available)
        self.row_field = self._selection.row_field
        self.ignored = self._selection.ignored
        self.corrects = self._selection.corrects

    def rows(self, after: int | None = None) -> Iterator[RawRow]:
        """All rows in order of their lines."""
        raise NotImplementedError

    def _available(self) -> Sequence[str]:
        raise NotImplementedError

    @contextmanager
    def _opened(self) -> Iterator[TextIO]:
        try:
            with self._path.open(encoding=encoding_of(self._path), newline="") as stream:
                yield stream
        except UnicodeDecodeError as error:
            raise _unreadable(self._path, "it is no text") from error
        except csv.Error as error:
            raise _unreadable(self._path, str(error)) from error
        except OSError as error:
            raise _unreadable(self._path, (error.strerror or "unreadable").lower()) from error


class CsvSource(FileSource):
    """Source of rows from a CSV file with a header."""

    def _available(self) -> Sequence[str]:
        with self._opened() as stream:
            header = next(csv.reader(stream, delimiter=self._delimiter, strict=True), [])
        self._width = len(header)
        names = [name.strip() for name in header]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise UsageError(
                f"{self._path} has two columns {twice[0]!r}.", code="import.column", fix="Rename one of them."
            )
        self._header = names
        self._is_our_export = names == list(COLUMNS)
        return names

    def rows(self, after: int | None = None) -> Iterator[RawRow]:  # noqa: ARG002 - lines are not numbers to go on from
        """All rows; a record over several lines counts as the first of them."""
        pick = _picker(self._header, self._selection)
        with self._opened() as stream:
            records = csv.reader(stream, delimiter=self._delimiter, strict=True)
            next(records, None)
            line = records.line_num + 1
            for record in records:
                whole = len(record) == self._width
                if whole and (self._where is None or self._where.holds(dict(zip(self._header, record, strict=True)))):
                    yield line, pick([from_cell(cell) for cell in record] if self._is_our_export else record)
                elif record and not whole:
                    yield line, BadRow(f"it has {len(record)} columns, and the header has {self._width}")
                line = records.line_num + 1


class JsonLinesSource(FileSource):
    """Source of rows from JSON lines, one object a line; a key that any of them has is a column."""

    def _available(self) -> Sequence[str]:
        return list(dict.fromkeys(key for _, found in self._objects() if isinstance(found, dict) for key in found))

    def rows(self, after: int | None = None) -> Iterator[RawRow]:  # noqa: ARG002 - as above
        """All objects; a key that an object lacks is an empty value."""
        columns, complete = self._selection.columns, self._selection.complete
        for line, found in self._objects():
            if not isinstance(found, dict):
                yield line, found
            elif self._where is None or self._where.holds(found):
                yield line, complete([found.get(name) for name in columns])

    def _objects(self) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
        import msgspec

        decode = msgspec.json.Decoder().decode
        with self._opened() as stream:
            for line, text in enumerate(stream, 1):
                if not text.strip():
                    continue
                try:
                    found = decode(text)
                except (msgspec.DecodeError, UnicodeEncodeError) as error:
                    yield line, BadRow(f"it is not JSON: {error}")
                else:
                    yield line, found if isinstance(found, dict) else BadRow("it is not a JSON object")


def _picker(header: Sequence[str], selection: ColumnSelection) -> Callable[[list[str]], Sequence[Any]]:
    """Puts a record into the order of FIELDS: its own columns, and after them the values that stand for all rows."""
    tail = [constant for constant in selection.constants if constant is not None]
    places, spare = [], len(header)
    for name, constant in zip(selection.names, selection.constants, strict=True):
        if name is None and constant is not None:
            places.append(spare)
            spare += 1
        else:
            places.append(-1 if name is None else header.index(name))
    nothing: list[str | None] = [None]
    pick = itemgetter(*places)
    return lambda record: pick([*record, *tail, *nothing])


def _unreadable(path: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"Cannot read {path}: {reason}.", code="file.unreadable", fix="Check the path, its permissions and its format."
    )
