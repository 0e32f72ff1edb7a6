"""One entry of the command table: a command or a group, named before its module is imported."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple


class CommandEntry(NamedTuple):
    """A command or group as help shows it.

    Shape: `target` is `module:function`, empty for a group that does nothing by itself. A group has `entries`, or the
           `module:NAME` where they stand.
    """

    name: str
    heading: str
    help: str
    target: str = ""
    entries: tuple[CommandEntry, ...] | str = ()

    def inner(self) -> tuple[CommandEntry, ...]:
        """The entries of a group, imported if they stand elsewhere."""
        if isinstance(self.entries, str):
            found: tuple[CommandEntry, ...] = load(self.entries)
            return found
        return self.entries


def load(place: str) -> Any:
    """Imports what stands at `module:name`."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
