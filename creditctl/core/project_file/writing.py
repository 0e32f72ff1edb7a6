"""Writer of `creditctl.toml`: makes a new one, or adds a table to one that exists, comments kept (tomlkit)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tomlkit.items import Item

_LONGEST = 100
"""How long the list of a line may be. Units: characters."""

Plain = str | int | bool | datetime | Sequence["Plain"] | Mapping[str, "Plain"]
"""What stands in a project file."""


@dataclass(frozen=True, slots=True)
class WrittenSection:
    """One thing to write: a key at the top, a table, or one of an array of tables.

    Shape: `name` may be dotted (`source.columns`); `comments` stand before it; `values` None writes these alone; a
           mapping is a table, and what it holds stands inline; with `inline` it does so itself.
    """

    name: str
    values: Plain | None
    comments: tuple[str, ...] = ()
    repeated: bool = False
    inline: bool = False

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

    Errors: ValueError where the file is no TOML, or has the table already.
    """
    import tomlkit

    found: object = tomlkit.parse(text)
    for name in section.name.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    if found is not None and not section.repeated:
        raise ValueError(f"it has {section.name} already")
    whole = f"{text.rstrip()}\n\n{section_text(section)}\n".lstrip("\n")
    tomlkit.parse(whole)
    return whole


def section_text(section: WrittenSection) -> str:
    """One section as text, without a line end at its end."""
    return "\n".join([*_comments(section.comments), *_lines(section)])


def _lines(section: WrittenSection) -> list[str]:
    if section.values is None:
        return []
    if not isinstance(section.values, Mapping) or section.inline:
        return [f"{section.name} = {_item(section.values).as_string()}"]
    header = f"[[{section.name}]]" if section.repeated else f"[{section.name}]"
    return [header, *(f"{_key(name)} = {_item(value).as_string()}" for name, value in section.values.items())]


def _comments(lines: Sequence[str]) -> list[str]:
    """Lines of comment. Shape: what does not print is left out: a name from Stripe must not end its comment."""
    return [f"# {''.join(each for each in line if each.isprintable())}".rstrip() for line in lines]


def _key(name: str) -> str:
    from tomlkit.items import SingleKey

    return SingleKey(name).as_string()


def _item(value: Plain) -> Item:
    """A value as tomlkit writes it: mappings inline, long lists of mappings one a line."""
    import tomlkit

    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        for name, each in value.items():
            table.append(name, _item(each))
        return table
    if isinstance(value, str | bool | int | datetime):
        return tomlkit.item(value)
    array = tomlkit.array()
    array.extend(_item(each) for each in value)
    return array.multiline(any(isinstance(each, Mapping) for each in value) and len(array.as_string()) > _LONGEST)
