"""Keys of the project file that are known and that nothing acts on yet: refused, because a silent one would mislead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from creditctl.core.project_file.lines import Path

_WORD = re.compile(r"\w+")

NOT_ACTED_ON: tuple[str, ...] = ()
"""As people write them; a table stands for everything in it. Whoever makes a key work takes its line away."""


def not_acted_on(document: Mapping[str, object], pending: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """The keys of a document that nothing acts on yet, with the place of each."""
    for name in pending:
        yield from ((path, name) for path in _places(document, _WORD.findall(name), ()))


def _places(value: object, names: list[str], before: Path) -> Iterator[Path]:
    if isinstance(value, list):
        for place, each in enumerate(value):
            yield from _places(each, names, (*before, place))
    elif not names:
        yield before
    elif isinstance(value, dict) and names[0] in value:
        below = value[names[0]]
        if len(names) == 1:
            yield (*before, names[0])
        else:
            yield from _places(below, names[1:], (*before, names[0]))
