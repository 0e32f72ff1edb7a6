"""The Typer app, and the one place where every ending of the program becomes a sentence and an exit code."""

from __future__ import annotations

import functools
import signal
import sys
from collections.abc import Sequence
from copy import copy
from types import FrameType
from typing import Annotated, Any

import typer
from typer.exceptions import Abort, Exit, TyperException

from creditctl import __version__
from creditctl.cli.command_line.entry import CommandEntry
from creditctl.cli.command_line.lazy_group import group_class
from creditctl.cli.command_line.table import COMMANDS
from creditctl.cli.console import make_console
from creditctl.cli.output import ReaderLeft, document, plain_stream, redacted, write_json
from creditctl.cli.wiring import Wiring, real_wiring
from creditctl.core.errors import (
    ConfigurationError,
    CreditctlError,
    ExitCode,
    Stopped,
    UsageError,
)
from creditctl.core.keys import redact


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
def _command() -> Any:
    """The command line, built once: a program that runs several commands does not pay for it again."""
    return typer.main.get_command(build_app())


def run(argv: Sequence[str] | None = None, wiring: Wiring | None = None) -> int:
    """Runs one command and returns its exit code; nothing but this function turns errors into words.

    Shape: `argv` without the program's name; `wiring` replaces the real world in tests.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    world = _redacted(wiring or real_wiring())
    world.redactor.register_typed(arguments)
    if wiring is None:
        sys.stderr = world.stderr  # what a thread or a warning says goes there too
        signal.signal(signal.SIGTERM, _stop)
    command = _command()
    try:
        return _invoke(command, arguments, world)
    except (KeyboardInterrupt, Abort):
        return _end(world, command, arguments, Stopped("Stopped.", code="stopped"))
    except BrokenPipeError as left:
        return _reader_left(world, left.exit_code if isinstance(left, ReaderLeft) else ExitCode.OK)
    except Exception as error:  # noqa: BLE001 - the one error boundary
        known = as_known_error(error)
        if known is None:
            return _bug(world, command, arguments, error)
        return _end(world, command, arguments, known)


def _redacted(given: Wiring) -> Wiring:
    """The same world with this command line in it, and no way out past the redactor."""
    world = copy(given)
    world.run = run
    world.stdout = redacted(given.stdout, given.redactor)
    world.stderr = redacted(given.stderr, given.redactor, beside=True)
    return world


def _stop(_number: int, _frame: FrameType | None) -> None:
    """SIGTERM ends a command as Ctrl-C does: what was begun is undone or finished, and nothing is left behind."""
    raise KeyboardInterrupt


def _invoke(command: Any, arguments: list[str], world: Wiring) -> int:
    """Calls the command itself: Typer's own `main` would turn Ctrl-C into an exit code before we can say a word."""
    if "_CREDITCTL_COMPLETE" in world.environ:
        command.main(args=arguments, prog_name="creditctl", obj=world)
    try:
        with command.make_context("creditctl", arguments, obj=world) as ctx:
            answered = command.invoke(ctx)
        code = answered if isinstance(answered, int) else int(ExitCode.OK)
    except Exit as ending:
        code = ending.exit_code
    try:
        world.stdout.flush()
    except BrokenPipeError:
        raise ReaderLeft(code) from None
    return code


def as_known_error(error: Exception) -> CreditctlError | None:
    """An exception as one of our expected failures, or None where it is a bug of ours."""
    if isinstance(error, CreditctlError):
        return error
    if isinstance(error, TyperException):
        text = error.format_message().replace(": Value error, ", ": ")  # the library's word for the kind of the error
        return UsageError(text, code="usage", fix="`creditctl COMMAND --help` shows the options.")
    if "stripe" in sys.modules:
        from creditctl.stripe_api.errors import lacking, translate

        translated = translate(error) or lacking(error)
        if translated is not None:
            return translated
    if isinstance(error, OSError):
        place = f" ({error.filename})" if error.filename else ""
        return ConfigurationError(
            f"The system refused: {error.strerror or error}{place}.",
            code="system.refused",
            fix="Check the path, its permissions and the free space, then run the same command again.",
        )
    return None


def _end(world: Wiring, command: Any, arguments: Sequence[str], error: CreditctlError) -> int:
    exit_code = error.exit_code
    if wants_json(arguments):
        name = command_name(command, arguments)
        write_json(world.stdout, document(name, mode=world.mode, exit_code=exit_code, error=error))
        return exit_code
    console = make_console(world.stderr, world.environ)
    told = error.message if isinstance(error, Stopped) else f"Error: {error.message}"
    console.print(redact(told), style="bold red")
    if error.fix:
        console.print(redact(error.fix))
    if error.request_id:
        console.print(f"Stripe's request id: {error.request_id}")
    return exit_code


class _Bug(CreditctlError):
    """Something that we did not expect."""

    type = "bug"
    exit_code = ExitCode.BUG


def _bug(world: Wiring, command: Any, arguments: Sequence[str], error: Exception) -> int:
    if world.environ.get("CREDITCTL_DEBUG"):
        import traceback

        world.stderr.write(redact("".join(traceback.format_exception(error))))
    shown = _Bug(
        f"This is a bug in creditctl: {type(error).__name__}: {error}",
        code="bug",
        fix="Please report it with the output of the same command under CREDITCTL_DEBUG=1 (secrets are removed).",
    )
    return _end(world, command, arguments, shown)


def _reader_left(world: Wiring, exit_code: int) -> int:
    """The reader of our pipe went away (`| head`): that is no error, but Python must not try to flush again.

    Shape: the exit code stays what the command came to: a finding is one, whether or not somebody read it.
    """
    import os

    if plain_stream(world.stdout) is sys.stdout:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return exit_code


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether the caller asked for a document, judged before anything is parsed."""
    before = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in before


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
