"""The program: runs one command, and is the one place where every ending becomes a sentence and an exit code."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from copy import copy
from types import FrameType

from creditctl.cli.console import make_console
from creditctl.cli.output import ReaderLeft, document, plain_stream, redacted, write_json
from creditctl.cli.wiring import Wiring, real_wiring
from creditctl.core.errors import ConfigurationError, CreditctlError, ExitCode, Stopped
from creditctl.core.keys import redact


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
        if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # who calls us by nohup wants it to go on
            signal.signal(signal.SIGHUP, _stop)
    try:
        return _carry_out(arguments, world)
    except KeyboardInterrupt:
        return _end(world, arguments, Stopped("Stopped.", code="stopped"))
    except BrokenPipeError as left:
        return _reader_left(world, left.exit_code if isinstance(left, ReaderLeft) else ExitCode.OK)
    except Exception as error:  # noqa: BLE001 - the one error boundary
        known = as_known_error(error)
        if known is None:
            return _bug(world, arguments, error)
        return _end(world, arguments, known)


def _redacted(given: Wiring) -> Wiring:
    """The same world with this command line in it, and no way out past the redactor."""
    world = copy(given)
    world.run = run
    world.stdout = redacted(given.stdout, given.redactor)
    world.stderr = redacted(given.stderr, given.redactor, beside=True)
    return world


def _stop(_number: int, _frame: FrameType | None) -> None:
    """SIGTERM, or a terminal that closes, ends a command as Ctrl-C does: what was begun is undone or finished."""
    raise KeyboardInterrupt


def _carry_out(arguments: list[str], world: Wiring) -> int:
    """Runs the command and returns its exit code."""
    start = _plain_start(arguments)
    if start is not None:
        code = start(world)
    else:
        from creditctl.cli.command_line.typer_app import invoke

        code = invoke(arguments, world)
    try:
        world.stdout.flush()
    except BrokenPipeError:
        raise ReaderLeft(code) from None
    return code


def _plain_start(arguments: list[str]) -> Callable[[Wiring], int] | None:
    """The short road of `creditctl emulator`, without Typer; None where that can't be taken."""
    if arguments[:1] != ["emulator"]:
        return None
    from creditctl.cli.emulator.plain_start import plain_start

    return plain_start(arguments[1:])


def as_known_error(error: Exception) -> CreditctlError | None:
    """An exception as one of our expected failures, or None where it is a bug of ours."""
    if isinstance(error, CreditctlError):
        return error
    if "typer" in sys.modules:
        from creditctl.cli.command_line.typer_app import as_usage_error

        usage = as_usage_error(error)
        if usage is not None:
            return usage
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


def _end(world: Wiring, arguments: Sequence[str], error: CreditctlError) -> int:
    exit_code = error.exit_code
    if _could_write(world, (lambda: _write_error(world, arguments, error)) if wants_json(arguments) else None):
        return exit_code
    console = make_console(world.stderr, world.environ)
    told = error.message if isinstance(error, Stopped) else f"Error: {error.message}"
    console.print(redact(told), style="bold red")
    if error.fix:
        console.print(redact(error.fix))
    if error.request_id:
        console.print(f"Stripe's request id: {error.request_id}")
    return exit_code


def _write_error(world: Wiring, arguments: Sequence[str], error: CreditctlError) -> None:
    from creditctl.cli.command_line.typer_app import command_name, whole_command

    name = command_name(whole_command(), arguments)
    write_json(world.stdout, document(name, mode=world.mode, exit_code=error.exit_code, error=error))


def _could_write(world: Wiring, write: Callable[[], None] | None) -> bool:
    """Whether the error is told on stdout: where nothing may be written there (a full disk), stderr has to do."""
    try:
        if write is not None:
            write()
        world.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError:
        _reader_left(world, ExitCode.OK)
        return False
    return write is not None


class _Bug(CreditctlError):
    """Something that we did not expect."""

    type = "bug"
    exit_code = ExitCode.BUG


def _bug(world: Wiring, arguments: Sequence[str], error: Exception) -> int:
    if world.environ.get("CREDITCTL_DEBUG"):
        import traceback

        world.stderr.write(redact("".join(traceback.format_exception(error))))
    shown = _Bug(
        f"This is a bug in creditctl: {type(error).__name__}: {error}",
        code="bug",
        fix="Please report it with the output of the same command under CREDITCTL_DEBUG=1 (secrets are removed).",
    )
    return _end(world, arguments, shown)


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
