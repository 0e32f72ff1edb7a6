"""Writer of `creditctl.toml`: makes a new one, or adds a table to one that exists, comments kept (tomlkit)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tomlkit.items import Item

_BYTE_ORDER_MARK = "\ufeff"
"""What editors of Windows begin a file with."""

_LONGEST = 100
"""How long the list of a line may be. Units: characters."""

_MOST_IN_ENTRY = 4
"""How many of a list stand on the line of the entry that they belong to."""

Plain = str | int | bool | datetime | Sequence["Plain"] | Mapping[str, "Plain"]
"""What stands in a project file."""


@dataclass(frozen=True, slots=True)
class WrittenEntry:
    """One table of an array of tables that stands on a line. Shape: `values` None writes its comments alone."""

    values: Mapping[str, Plain] | None
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenSection:
    """One thing to write: a key at the top, a table, or an array of tables.

    Shape: `name` may be dotted (`source.columns`); `comments` stand before it; `values` None writes these alone; a
           mapping is a table, and what it holds stands inline; with `inline` it does so itself. `entries` are an array
           of tables, one a line, each with its comments before it; where none has values, all of it is a remark.
    """

    name: str
    values: Plain | None = None
    comments: tuple[str, ...] = ()
    inline: bool = False
    entries: tuple[WrittenEntry, ...] = ()

    @property
    def is_table(self) -> bool:
        """Whether it has a header of its own."""
        return isinstance(self.values, Mapping) and not self.inline


def new_text(sections: Sequence[WrittenSection], heading: Sequence[str] = ()) -> str:
    """The text of a new project file: plain keys first, as TOML wants them, then tables in their order."""
    plain = [each for each in sections if not each.is_table]
    tables = [each for each in sections if each.is_table]
    return "\n".join([*_comments(heading), *(f"\n{section_text(each)}" for each in (*plain, *tables))]) + "\n"


def added_text(text: str, section: WrittenSection) -> str:
    """A project file with one more table at its end; everything that was there stays as it is, comments too.

    Shape:  a byte order mark and the line ends of Windows stay as well.
    Errors: ValueError where the file is no TOML, or has the table already.
    """
    found: object = tomllib.loads(text.removeprefix(_BYTE_ORDER_MARK))
    for name in section.name.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    if found is not None:
        raise ValueError(f"it has {section.name} already")
    more = f"\n\n{section_text(section)}\n"
    more = more.replace("\n", "\r\n") if "\r\n" in text else more
    whole = f"{text.rstrip()}{more}".lstrip("\n")
    tomllib.loads(whole.removeprefix(_BYTE_ORDER_MARK))
    return whole


def section_text(section: WrittenSection) -> str:
    """One section as text, without a line end at its end."""
    return "\n".join([*_comments(section.comments), *_lines(section)])


def entry_text(values: Mapping[str, Plain]) -> str:
    """A table as one line of an array. Shape: a list of it that is too long for that has a line for each."""
    text = _item(values, most=_MOST_IN_ENTRY).as_string()
    return text.replace("\n", "\n    ")


def _lines(section: WrittenSection) -> list[str]:
    if section.entries:
        return _entries(section)
    if section.values is None:
        return []
    if not isinstance(section.values, Mapping) or section.inline:
        return [f"{section.name} = {_item(section.values).as_string()}"]
    lines = (f"{_key(name)} = {_item(value).as_string()}" for name, value in section.values.items())
    return [f"[{section.name}]", *lines]


def _entries(section: WrittenSection) -> list[str]:
    """An array of tables, one a line; without any it would say that there are none, so that it is a remark then."""
    lines = [f"{section.name} = ["]
    for entry in section.entries:
        lines += (f"    {each}" for each in _comments(entry.comments))
        lines += [] if entry.values is None else [f"    {entry_text(entry.values)},"]
    lines.append("]")
    is_remark = all(entry.values is None for entry in section.entries)
    return [f"# {each.replace('    # ', '    ', 1)}" for each in lines] if is_remark else lines


def _comments(lines: Sequence[str]) -> list[str]:
    """Lines of comment. Shape: what does not print is left out: a name from Stripe must not end its comment."""
    return [f"# {''.join(each for each in line if each.isprintable())}".rstrip() for line in lines]


def _key(name: str) -> str:
    from tomlkit.items import SingleKey

    return SingleKey(name).as_string()


def _item(value: Plain, most: int | None = None) -> Item:
    """A value as tomlkit writes it: mappings inline, long lists of mappings one a line.

    Shape: with `most` more than so many are long, else what no line holds.
    """
    import tomlkit

    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        for name, each in value.items():
            table.append(name, _item(each, most))
        return table
    if isinstance(value, str | bool | int | datetime):
        return tomlkit.item(value)
    array = tomlkit.array()
    array.extend(_item(each) for each in value)
    is_long = len(array.as_string()) > _LONGEST if most is None else len(value) > most
    return array.multiline(any(isinstance(each, Mapping) for each in value) and is_long)
