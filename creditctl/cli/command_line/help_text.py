"""Plain help text: usage, commands and options under headings, wrapped to the terminal; no boxes and no Rich."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from creditctl.cli.prose import wrap_prose

if TYPE_CHECKING:
    from typer.models import Context

    from creditctl.cli.command_line.entry import CommandEntry

WIDEST = 100
"""Lines longer than this are hard to read, however wide the terminal is. Units: columns."""
_NARROWEST = 40
_WIDEST_NAME = 28
Row = tuple[str, str]


def help_text(command: Any, ctx: Context, entries: Sequence[CommandEntry] = ()) -> str:
    """The whole help of a command or group, without a line end at the end.

    Shape: `entries` are the commands of a group, as the table names them; none of them is imported for it.
    """
    width = help_width()
    shown = [parameter for parameter in command.get_params(ctx) if not parameter.hidden]
    sections = [*grouped((entry.heading, (entry.name, entry.help)) for entry in entries)]
    sections += grouped((heading_of(parameter), (names(parameter), described(parameter))) for parameter in shown)
    parts = [*_paragraphs(command.help or "", width), usage(command, ctx, shown)]
    return "\n\n".join([*parts, *(section(heading, rows, width) for heading, rows in sections)])


def help_width() -> int:
    """The width to wrap help to: COLUMNS, the terminal's, or eighty. Units: columns."""
    return max(_NARROWEST, min(WIDEST, shutil.get_terminal_size((80, 24)).columns))


def _paragraphs(text: str, width: int) -> list[str]:
    return [wrap_prose(" ".join(part.split()), width) for part in text.strip().split("\n\n") if part.strip()]


def usage(command: Any, ctx: Context, shown: Iterable[Any]) -> str:
    """`Usage: creditctl trace [OPTIONS] ID`"""
    pieces = [_in_usage(parameter) for parameter in shown if parameter.param_type_name == "argument"]
    pieces += [command.subcommand_metavar] if hasattr(command, "subcommand_metavar") else []
    return " ".join(["Usage:", ctx.command_path, "[OPTIONS]", *pieces])


def _in_usage(argument: Any) -> str:
    name = _argument_name(argument)
    return name if argument.required or not name[:1].isalpha() else f"[{name}]"


def _argument_name(argument: Any) -> str:
    if argument.metavar:
        return str(argument.metavar)
    return str(argument.name).upper() + ("..." if argument.nargs == -1 else "")


def grouped(rows: Iterable[tuple[str, Row]]) -> list[tuple[str, list[Row]]]:
    """Rows under their headings, in the order in which the headings come."""
    found: dict[str, list[Row]] = {}
    for heading, row in rows:
        found.setdefault(heading, []).append(row)
    return list(found.items())


def section(heading: str, rows: Sequence[Row], width: int) -> str:
    """A heading and its rows: names in a column of their own, what they mean beside it or, after a long name, below."""
    column = min(_WIDEST_NAME, max(len(name) for name, _ in rows)) + 4
    lines = [f"{heading}:"]
    for name, meaning in rows:
        text = wrap_prose(meaning, width, " " * column)
        if len(name) + 4 <= column and text:
            lines.append(f"  {name}".ljust(column) + text[column:])
        else:
            lines += [f"  {name}", *([text] if text else [])]
    return "\n".join(lines)


def heading_of(parameter: Any) -> str:
    """The heading that an argument or option stands under."""
    if parameter.param_type_name == "argument":
        return "Arguments"
    return str(getattr(parameter, "rich_help_panel", None) or "Options")


def names(parameter: Any) -> str:
    """`--since WHEN`, `-y, --yes`, `ID`: how it is written."""
    if parameter.param_type_name == "argument":
        return _argument_name(parameter)
    spelled = sorted([*parameter.opts, *parameter.secondary_opts], key=len)
    return " ".join([", ".join(spelled), *_value_name(parameter)])


def _value_name(option: Any) -> list[str]:
    """What stands after the option: its own word, its choices, or the last word of its name; nothing after a flag."""
    if option.is_flag or option.count:
        return []
    if option.metavar:
        return [option.metavar]
    choices = option.type_descriptor.choices
    if option.type_descriptor.is_choice and choices:
        return ["|".join(_word(choice) for choice in choices)]
    return [str(option.name).rpartition("_")[2].upper()]


def described(parameter: Any) -> str:
    """The help line with its default, bounds and whether it must be given."""
    notes = [note for note in (_default(parameter), _bounds(parameter), "required" * _must(parameter)) if note]
    return " ".join([" ".join((parameter.help or "").split()), *([f"({'; '.join(notes)})"] if notes else [])]).strip()


def _must(parameter: Any) -> bool:
    """Arguments show in the usage line whether they must be given."""
    return bool(parameter.required) and parameter.param_type_name == "option"


def _default(parameter: Any) -> str:
    if isinstance(parameter.show_default, str):
        return f"default: {parameter.show_default}"
    value = parameter.default
    if not parameter.show_default or value in (None, False, True, [], ()) or callable(value):
        return ""
    return f"default: {_word(value)}"


def _word(value: Any) -> str:
    return str(value.value) if isinstance(value, Enum) else str(value)


def _bounds(parameter: Any) -> str:
    low, high = getattr(parameter, "min", None), getattr(parameter, "max", None)
    if low is not None and high is not None:
        return f"{low} to {high}"
    return "" if low is None else f"at least {low}"
