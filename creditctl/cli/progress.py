"""Progress while something lasts: one changing line on stderr, shown only where somebody watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from creditctl.cli.output import Conversation


@contextmanager
def status_line(said: Conversation) -> Iterator[Callable[[str], None] | None]:
    """One line that changes while something lasts, where somebody watches; it is gone afterwards."""
    if said.as_json or not said.wiring.stderr.isatty():
        yield None
        return
    width = 0

    def show(text: str) -> None:
        nonlocal width
        said.err.print(text.ljust(width), end="\r", soft_wrap=True)
        width = len(text)

    try:
        yield show
    finally:
        show("")
        said.err.file.flush()


@contextmanager
def progress(said: Conversation, what: str = "events read") -> Iterator[Callable[[int], None] | None]:
    """How far a long reading has come, where somebody watches."""
    with status_line(said) as show:
        yield None if show is None else (lambda count: show(f"{count:,} {what}"))
