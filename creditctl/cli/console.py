"""Console: prints text to a terminal or a pipe, never cutting or breaking an id, an amount, a URL or a command.

Rich is imported only for colours on a terminal; what goes into a pipe is written as it stands.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

from creditctl.cli.prose import QUOTED, wrap_prose
from creditctl.core.text import printable

if TYPE_CHECKING:
    import rich.console

Part = str | tuple[str, str]
"""Text, or text with a style such as `bold red`."""
_UNBROKEN = re.compile(r"creditctl |^\s*export |^\s*\$ ")
_USUAL_WIDTH = 80


class Console:
    """Where a command prints for people. Shape: honours NO_COLOR, FORCE_COLOR and COLUMNS; a pipe has no width."""

    def __init__(self, stream: TextIO, environ: Mapping[str, str]) -> None:
        self.file = stream
        self._environ = environ
        self._rich: rich.console.Console | None = None
        self.is_terminal = stream.isatty() or bool(environ.get("FORCE_COLOR"))

    @property
    def width(self) -> int | None:
        """The width of the terminal (COLUMNS wins), None for a pipe. Units: columns."""
        if not self.is_terminal:
            return None
        said = self._environ.get("COLUMNS", "")
        return int(said) if said.isdecimal() and int(said) else _width_of(self.file)

    def print(self, *parts: str, style: str | None = None, end: str = "\n", soft_wrap: bool = False) -> None:
        """Prints text as it stands, no markup.

        Shape: prose wraps at words to a terminal; with `soft_wrap`, and where a command stands in it, it does not.
        """
        text = " ".join(parts)
        self._write([(text if soft_wrap else self._wrapped(text), style or "")], end)

    def line(self, *parts: Part) -> None:
        """One line of differently styled parts, never wrapped."""
        self._write([(part, "") if isinstance(part, str) else part for part in parts], "\n")

    def _wrapped(self, text: str) -> str:
        width = self.width
        if width is None or _UNBROKEN.search(QUOTED.sub("", text)):
            return text
        return "\n".join(line if len(line) <= width else wrap_prose(line, width) for line in text.split("\n"))

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
            self._rich = _make_rich(self.file, self._environ)
        return self._rich


def _width_of(stream: TextIO) -> int:
    """The width of the terminal behind a stream; eighty where it does not say. Units: columns."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL_WIDTH
    except (OSError, ValueError):
        return _USUAL_WIDTH


def _make_rich(stream: TextIO, environ: Mapping[str, str]) -> rich.console.Console:
    from rich.console import Console as RichConsole

    class PipeConsole(RichConsole):
        """Leaves a reader's early leave to the error boundary: Rich itself would end the program with 1."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return PipeConsole(
        file=stream,
        _environ=environ,
        highlight=False,
        emoji=False,
        force_terminal=True if environ.get("FORCE_COLOR") else None,
        no_color=bool(environ.get("NO_COLOR")) or None,
    )


def make_console(stream: TextIO, environ: Mapping[str, str]) -> Console:
    """A console for one stream of a run."""
    return Console(stream, environ)
