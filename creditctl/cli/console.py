"""Console: prints text to a terminal or a pipe, never cutting or breaking an id, an amount, a URL or a command.

Rich is imported only for colours on a terminal; what goes into a pipe is written as it stands.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    import rich.console

Part = str | tuple[str, str]
"""Text, or text with a style such as `bold red`."""
_UNBROKEN = re.compile(r"creditctl |^\s*export |^\s*\$ ")
_QUOTED = re.compile(r"`[^`]*`")
_JOINER = "\u00a0"
"""Stands for a blank that must not be wrapped at: textwrap breaks at ASCII blanks only."""


class Console:
    """Where a command prints for people. Shape: honours NO_COLOR, FORCE_COLOR and COLUMNS; a pipe has no width."""

    def __init__(self, stream: TextIO, environ: Mapping[str, str]) -> None:
        self.file = stream
        self._environ = environ
        self._rich: rich.console.Console | None = None
        self.is_terminal = stream.isatty() or bool(environ.get("FORCE_COLOR"))

    @property
    def width(self) -> int | None:
        """The width of the terminal, None where nobody's eyes limit it. Units: columns."""
        return self._made_rich().width if self.is_terminal else None

    def print(
        self, *parts: Any, style: str | None = None, markup: bool = True, end: str = "\n", soft_wrap: bool | None = None
    ) -> None:
        """Prints text, or one of Rich's things.

        Shape: prose wraps at words to a terminal; with `soft_wrap`, and where a command stands in it, it does not.
        """
        plain = all(isinstance(part, str) for part in parts) and not (markup and any("[" in part for part in parts))
        if not plain:
            options: dict[str, Any] = {"style": style, "markup": markup, "end": end}
            self._made_rich().print(*parts, **options, soft_wrap=bool(soft_wrap) or not self.is_terminal)
            return
        text = " ".join(parts)
        self._write([(text if soft_wrap else self._wrapped(text), style or "")], end)

    def line(self, *parts: Part) -> None:
        """One line of differently styled parts, never wrapped."""
        self._write([(part, "") if isinstance(part, str) else part for part in parts], "\n")

    def _wrapped(self, text: str) -> str:
        width = self.width
        if width is None or _UNBROKEN.search(_QUOTED.sub("", text)):
            return text
        return "\n".join(wrap_prose(line, width) for line in text.split("\n"))

    def _write(self, given: list[tuple[str, str]], end: str) -> None:
        parts = [(printable(text), style) for text, style in given]
        if self.is_terminal and any(style for _, style in parts):
            from rich.text import Text

            self._made_rich().print(Text.assemble(*parts), end=end, soft_wrap=True)
            return
        self.file.write("".join(text for text, _ in parts) + end)
        self.file.flush()

    def _made_rich(self) -> rich.console.Console:
        if self._rich is None:
            self._rich = _make_rich(self.file, self._environ, self.is_terminal)
        return self._rich


_NO_WIDTH = 100_000
"""What Rich's own things are given in a pipe, which has no width. Units: columns."""


def _make_rich(stream: TextIO, environ: Mapping[str, str], is_terminal: bool) -> rich.console.Console:
    from rich.console import Console as RichConsole

    class PipeConsole(RichConsole):
        """Leaves a reader's early leave to the error boundary: Rich itself would end the program with 1."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return PipeConsole(
        file=stream,
        _environ=environ,
        width=None if is_terminal else _NO_WIDTH,
        highlight=False,
        emoji=False,
        force_terminal=True if environ.get("FORCE_COLOR") else None,
        no_color=bool(environ.get("NO_COLOR")) or None,
    )


def printable(text: str) -> str:
    """Text from outside with nothing in it that could steer a terminal: control characters are spelled out."""
    if text.isprintable():
        return text
    return "".join(mark if mark.isprintable() or mark in "\n\t" else repr(mark)[1:-1] for mark in text)


def wrap_prose(text: str, width: int) -> str:
    """Text wrapped at words, with its indent; a longer word, and a command in backticks, stay whole."""
    if len(text) <= width:
        return text
    indent = text[: len(text) - len(text.lstrip())]
    whole = _QUOTED.sub(lambda found: found.group().replace(" ", _JOINER), text)
    filled = textwrap.fill(
        whole,
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
        drop_whitespace=True,
    )
    return filled.replace(_JOINER, " ")


def make_console(stream: TextIO, environ: Mapping[str, str]) -> Console:
    """A console for one stream of a run."""
    return Console(stream, environ)
