"""The Typer app: the whole command line, built once, and how one command of it is called."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.exceptions import Abort, Exit, TyperException

from creditctl import __version__
from creditctl.cli.command_line.entry import CommandEntry
from creditctl.cli.command_line.lazy_group import group_class
from creditctl.cli.command_line.table import COMMANDS
from creditctl.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from creditctl.cli.wiring import Wiring


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"creditctl {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Set up, prove and reconcile prepaid credits that are sold through Stripe Checkout.

    New here? Run `creditctl demo`: no Stripe account, no network, a few seconds.
    """


def build_app() -> typer.Typer:
    """The whole command line; its commands are imported when they run."""
    app = typer.Typer(
        name="creditctl",
        cls=group_class(CommandEntry("creditctl", "", "", entries=COMMANDS)),
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode=None,
    )
    app.callback()(_root)
    return app


@functools.cache
def whole_command() -> Any:
    """The command line, built once: a program that runs several commands does not pay for it again."""
    return typer.main.get_command(build_app())


def invoke(arguments: list[str], world: Wiring) -> int:
    """Calls one command and returns its exit code: Typer's own `main` makes one of Ctrl-C before we can say a word.

    Errors: those of the command; KeyboardInterrupt where somebody stopped it at a question.
    """
    command = whole_command()
    if "_CREDITCTL_COMPLETE" in world.environ:
        command.main(args=arguments, prog_name="creditctl", obj=world)
    try:
        with command.make_context("creditctl", arguments, obj=world) as ctx:
            answered = command.invoke(ctx)
        return answered if isinstance(answered, int) else int(ExitCode.OK)
    except Exit as ending:
        return ending.exit_code
    except Abort:
        raise KeyboardInterrupt from None


def as_usage_error(error: Exception) -> UsageError | None:
    """What Typer complains of, as one of our errors; None for what comes from elsewhere."""
    if not isinstance(error, TyperException):
        return None
    text = error.format_message().replace(": Value error, ", ": ")  # the library's word for the kind of the error
    return UsageError(text, code="usage", fix="`creditctl COMMAND --help` shows the options.")


def command_name(command: Any, arguments: Sequence[str]) -> str:
    """The dotted name of the command that the arguments mean, as far as they can be followed."""
    names: list[str] = []
    current = command
    for argument in arguments:
        inner = getattr(current, "commands", {}).get(argument)
        if inner is not None:
            names.append(argument)
            current = inner
    return ".".join(names) or "creditctl"
