"""Lazy command groups: a command's module is imported when the command runs or its own help is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.models import CommandInfo

from creditctl.cli.command_line.entry import CommandEntry, load
from creditctl.cli.command_line.help_text import help_text
from creditctl.core.errors import ExitCode


class PlainCommand(TyperCommand):
    """A command whose help is plain text."""

    def get_help(self, ctx: Any) -> str:
        """The help of this command."""
        return help_text(self, ctx)


class LazyCommands(Mapping[str, Any]):
    """The commands of a group by name; each is built, and its module imported, when it is asked for."""

    def __init__(self, entries: tuple[CommandEntry, ...]) -> None:
        self._entries = {entry.name: entry for entry in entries}
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built[name] = build_command(self._entries[name])
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class LazyGroup(TyperGroup):
    """A group whose commands come from the table. Shape: subclasses name their `entry`."""

    entry: CommandEntry

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**{**attributes, "commands": None})
        self._inner: tuple[CommandEntry, ...] | None = None
        self._commands = LazyCommands(())

    @property
    def inner(self) -> tuple[CommandEntry, ...]:
        """The entries of the group, imported when first asked for."""
        if self._inner is None:
            self._inner = self.entry.inner()
            self._commands = LazyCommands(self._inner)
        return self._inner

    @property  # type: ignore[override]
    def commands(self) -> Mapping[str, Any]:
        """The commands by name, built when they are asked for."""
        _ = self.inner
        return self._commands

    @commands.setter
    def commands(self, _given: MutableMapping[str, Any]) -> None:
        """Typer hands in an empty mapping; the table decides."""

    def get_help(self, ctx: Any) -> str:
        """The help of the group: its commands by their table."""
        return help_text(self, ctx, self.inner)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parses the group's own options; a bare group that does nothing by itself shows its help (exit 2)."""
        if not args and self.no_args_is_help and not ctx.resilient_parsing:
            typer.echo(self.get_help(ctx))
            raise typer.Exit(int(ExitCode.USAGE))
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Names of commands with their help lines, from the table alone; then the group's options."""
        item = cast("Any", typer.core).CompletionItem
        found = [item(each.name, help=each.help) for each in self.inner if each.name.startswith(incomplete)]
        return [*found, *TyperCommand.shell_complete(self, ctx, incomplete)]


def group_class(entry: CommandEntry) -> type[LazyGroup]:
    """The class that Typer builds one group with."""
    return type(f"{entry.name.title()}Group", (LazyGroup,), {"entry": entry})


def build_command(entry: CommandEntry) -> Any:
    """The command or group of an entry, its function imported."""
    return _build_group(entry) if entry.entries else _build_leaf(entry)


def _build_leaf(entry: CommandEntry) -> Any:
    info = CommandInfo(name=entry.name, callback=load(entry.target), cls=PlainCommand)
    return typer.main.get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)


def _build_group(entry: CommandEntry) -> Any:
    """A group; with a function of its own it runs that where no command is named."""
    app = typer.Typer(
        name=entry.name,
        cls=group_class(entry),
        no_args_is_help=not entry.target,
        invoke_without_command=bool(entry.target),
        rich_markup_mode=None,
    )
    if entry.target:
        app.callback()(load(entry.target))
    group = typer.main.get_group(app)
    group.help = group.help or entry.help
    return group
