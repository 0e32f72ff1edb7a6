"""Line numbers of keys in TOML text, for messages: the standard library's parser keeps none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Where a value stands in a document: keys, and from 0 the places in arrays."""

_HEADER = re.compile(r"\s*\[(\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([^=#\[{]+?)\s*=")
_NO_BRACKET = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*|[^][{}]')
"""What has no bracket that counts: strings, a comment, any other character."""
_LONG_QUOTES = re.compile(r'"""|\'\'\'')


def key_lines(text: str) -> dict[Path, int]:
    """The line, from 1, of every table and key that begins a line, and of every table in the array of such a key.

    Shape: what stands deeper inside a value has none.
    """
    found: dict[Path, int] = {}
    table: Path = ()
    seen: Counter[Path] = Counter()
    array = _OpenArray()
    for number, line in _outside_long_strings(text):
        if array.depth:
            array.read(line, number, found)
            continue
        header = _HEADER.match(line)
        if header is not None:
            table = _table(header, seen)
            found.setdefault(table, number)
            continue
        key = _KEY.match(line)
        names = None if key is None else _names(key[1])
        for end in range(1, len(names or ()) + 1):
            found.setdefault((*table, *(names or ())[:end]), number)
        if key is not None and names:
            array = _OpenArray((*table, *names))
            array.read(line[key.end() :], number, found)
    return found


@dataclass
class _OpenArray:
    """The value of a key while it goes on over several lines. Shape: `depth` is how many brackets are open."""

    path: Path = ()
    depth: int = 0
    count: int = 0

    def read(self, text: str, number: int, found: dict[Path, int]) -> None:
        """Goes on with one line, and notes the tables that begin on it."""
        for bracket in _NO_BRACKET.sub("", text):
            if bracket == "{" and self.depth == 1:
                found.setdefault((*self.path, self.count), number)
                self.count += 1
            self.depth = max(0, self.depth + (1 if bracket in "[{" else -1))


def line_of(path: Path, lines: Mapping[Path, int]) -> int | None:
    """The line of a value: its own, or that of the nearest thing around it."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return None


def _outside_long_strings(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, without those that begin inside a string of several lines."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if not inside:
            yield number, line
        if len(_LONG_QUOTES.findall(line)) % 2:
            inside = not inside


def _table(header: re.Match[str], seen: Counter[Path]) -> Path:
    """The path of a `[table]` or of the next `[[table]]`; a table below one of several is below the last of them."""
    names = _names(header[2]) or ("",)
    path: Path = ()
    for name in names[:-1]:
        path = (*path, name)
        if path in seen:
            path = (*path, seen[path] - 1)
    path = (*path, names[-1])
    if not header[1]:
        return path
    seen[path] += 1
    return (*path, seen[path] - 1)


def _names(key: str) -> tuple[str, ...] | None:
    """The parts of a dotted key, quoted ones too; None where it is no key."""
    import tomllib

    try:
        table: object = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        return None
    names = []
    while isinstance(table, dict):
        (name, table), *_ = table.items()
        names.append(name)
    return tuple(names)
