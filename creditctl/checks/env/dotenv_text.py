"""Env file parser: bindings with line numbers exactly as python-dotenv reads them; repair of white space."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field

from dotenv.parser import Binding, parse_stream

_LEADING = re.compile(r"\s*")
_ASSIGNMENT = re.compile(
    r"(?P<export>export[^\S\r\n]+)?(?P<name>'[^']+'|[^=#\s]+)(?P<before>[^\S\r\n]*)=(?P<after>[^\S\r\n]*)(?P<rest>.*)",
    re.DOTALL,
)
_QUOTED = re.compile(r"(?P<quoted>'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")(?P<tail>.*)", re.DOTALL)
_SAFE_UNQUOTED = re.compile(r"[A-Za-z0-9_\-./:+=,@?&%~\[\]]*")


@dataclass(frozen=True, slots=True)
class EnvBinding:
    """One `NAME=value` of an env file.

    Shape: `value` is what dotenv reads (None without a `=`), `line` counts from 1, `written` is the source of the
    line(s) without blank lines before it. Neither value nor source is in the `repr`: they may hold a secret.
    """

    name: str
    line: int
    value: str | None = field(repr=False)
    written: str = field(repr=False)
    indent: str = ""

    @property
    def is_quoted(self) -> bool:
        """Whether the value stands in quotes, which dotenv takes off and other readers keep."""
        match = _ASSIGNMENT.fullmatch(self.written)
        return match is not None and _QUOTED.match(match["rest"]) is not None

    @property
    def has_comment(self) -> bool:
        """Whether a comment follows the value on its line, which dotenv drops and other readers keep."""
        match = _ASSIGNMENT.fullmatch(self.written)
        if match is None:
            return False
        quoted = _QUOTED.match(match["rest"])
        text = quoted["tail"] if quoted else match["after"] + match["rest"]
        return re.search(r"\s#", text) is not None or (quoted is not None and text.lstrip().startswith("#"))

    @property
    def has_stray_space(self) -> bool:
        """Whether there is white space before the name, around the `=` or at the end of the line."""
        if self.indent or self.written != self.written.rstrip():
            return True
        match = _ASSIGNMENT.fullmatch(self.written)
        return match is not None and bool(match["before"] or (match["after"] and not match["rest"].startswith("#")))


@dataclass(frozen=True, slots=True)
class EnvText:
    """Parsed text of an env file.

    Shape: `bindings` in order, `broken` the lines that dotenv skips, `comments` the texts of comment lines by line.
    """

    bindings: tuple[EnvBinding, ...] = ()
    broken: tuple[int, ...] = ()
    comments: tuple[tuple[int, str], ...] = field(default=(), repr=False)

    @property
    def values(self) -> dict[str, str | None]:
        """What dotenv makes of the file: of a name that stands there twice, the last wins."""
        return {binding.name: binding.value for binding in self.bindings}

    def last(self, name: str) -> EnvBinding | None:
        """The binding of a name that counts."""
        return next((binding for binding in reversed(self.bindings) if binding.name == name), None)


def parse_env(text: str) -> EnvText:
    """Parses an env file's text by dotenv's own parser; any text is accepted.

    Source: python-dotenv opens files in text mode, so every kind of line end reaches its parser as a line feed.
    """
    bindings: list[EnvBinding] = []
    broken: list[int] = []
    comments: list[tuple[int, str]] = []
    for item in _parse(text):
        indent, body, line = _place(item)
        if item.error:
            broken.append(line)
        elif item.key is not None:
            bindings.append(EnvBinding(item.key, line, item.value, body, indent))
        elif body:
            comments.append((line, body))
    return EnvText(tuple(bindings), tuple(broken), tuple(comments))


def repair_env(text: str, known: frozenset[str]) -> str:
    """Repairs the white space of a text; every value stays, except that white space around one of `known` goes.

    Shape: line ends become line feeds, a byte order mark goes, the last line gets its end. Where a repair would change
    any other value, the text comes back with nothing but its line ends repaired, or as it was.
    """
    tidied = "".join(_repaired(item, known) for item in _parse(text))
    for candidate in (tidied.lstrip("\ufeff"), _unix(text).lstrip("\ufeff")):
        ended = candidate if candidate.endswith("\n") or not candidate else candidate + "\n"
        if _same_values(text, ended, known):
            return ended
    return text


def _parse(text: str) -> list[Binding]:
    return list(parse_stream(io.StringIO(_unix(text))))


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _place(item: Binding) -> tuple[str, str, int]:
    """The indent, the source without line end, and the true line of a binding: dotenv counts blank lines before it."""
    source = item.original.string
    match = _LEADING.match(source)
    leading = match.group(0) if match else ""
    indent = leading.rpartition("\n")[2]
    return indent, source[len(leading) :].removesuffix("\n"), item.original.line + leading.count("\n")


def _repaired(item: Binding, known: frozenset[str]) -> str:
    source = item.original.string
    if item.key is None or item.error:
        return source
    indent, body, _ = _place(item)
    blank_lines = source[: len(source) - len(source.lstrip())].removesuffix(indent)
    return blank_lines + _tidy(body, item, known) + "\n"


def _tidy(body: str, item: Binding, known: frozenset[str]) -> str:
    match = _ASSIGNMENT.fullmatch(body)
    if match is None:
        return body.rstrip()
    # `NAME= # note` is an empty value with a comment, `NAME=# note` is a value: that space has a meaning
    gap = " " if match["after"] and match["rest"].startswith("#") else ""
    rest = match["rest"].rstrip()
    if item.key in known and item.value is not None and item.value != item.value.strip():
        rest = _trimmed(rest, item.value.strip())
    return f"{match['export'] or ''}{match['name']}={gap}{rest}"


def _trimmed(rest: str, value: str) -> str:
    match = _QUOTED.fullmatch(rest)
    if match is None or not _SAFE_UNQUOTED.fullmatch(value):
        return rest
    return f"{value}{match['tail']}"


def _same_values(before: str, after: str, known: frozenset[str]) -> bool:
    old, new = parse_env(before), parse_env(after)
    return len(old.broken) == len(new.broken) and _comparable(old, known) == _comparable(new, known)


def _comparable(text: EnvText, known: frozenset[str]) -> list[tuple[str, str | None]]:
    return [
        (item.name, item.value.strip() if item.value is not None and item.name in known else item.value)
        for item in text.bindings
    ]
