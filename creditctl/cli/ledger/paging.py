"""Pagination of the ledger's lists: pages of fifty rows for people, all rows a thousand at a time for pipes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

import typer

from creditctl.core.errors import UsageError

PAGE_ROWS = 50
_STREAM_ROWS = 1000

LimitOption = Annotated[
    int | None, typer.Option("--limit", min=1, help="At most this many rows.", show_default="50 on a page, else all")
]
JsonLinesOption = Annotated[bool, typer.Option("--jsonl", help="Print one JSON object a line, and no table.")]
UserArgument = Annotated[
    str | None, typer.Argument(help="One user; without it, all of them.", metavar="USER", show_default=False)
]
UserOption = Annotated[str | None, typer.Option("--user", help="The same as USER.", metavar="USER")]

Row = TypeVar("Row")
Place = TypeVar("Place")


def one_user(argument: str | None, option: str | None) -> str | None:
    """The user that a list is about, named as an argument or by `--user`; None for all.

    Errors: UsageError where both name somebody, and not the same one.
    """
    if argument is not None and option is not None and argument != option:
        raise UsageError("USER and --user name two users.", code="usage.user", fix="Name one of them.")
    return option if argument is None else argument


@dataclass(frozen=True)
class Pages(Generic[Row, Place]):
    """A list of the ledger, read in pages, each in a transaction of its own: no writer waits for a long list.

    Shape: `read` takes a place and how many rows to read after it; `place_of` says where a row stands.
    """

    read: Callable[[Place, int], Sequence[Row]]
    place_of: Callable[[Row], Place]

    def page(self, after: Place, limit: int | None) -> tuple[Sequence[Row], Place | None]:
        """One page, and where the next begins; None after the last. One row more is read to know."""
        size = limit or PAGE_ROWS
        rows = self.read(after, size + 1)
        shown = rows[:size]
        return shown, self.place_of(shown[-1]) if len(rows) > size else None

    def rows(self, after: Place, limit: int | None) -> Iterator[Row]:
        """Every row, or as many as wanted."""
        left = limit
        while left is None or left > 0:
            page = self.read(after, _STREAM_ROWS if left is None else min(left, _STREAM_ROWS))
            yield from page
            if len(page) < _STREAM_ROWS:
                return
            after, left = self.place_of(page[-1]), None if left is None else left - len(page)
