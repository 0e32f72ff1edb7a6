"""`creditctl stripe -- ARGS`: the official Stripe CLI, where installed, pointed at the emulator."""

from __future__ import annotations

import codecs
import contextlib
import os
import signal
import subprocess
import threading
from typing import IO, TYPE_CHECKING, Annotated, Any, TextIO

import typer

from creditctl.cli.command import Answer
from creditctl.cli.emulator.session import EmulatorSession, emulator_command
from creditctl.core.errors import ExitCode, UsageError
from creditctl.core.keys import redact

if TYPE_CHECKING:
    from creditctl.cli.wiring import Wiring
    from creditctl.stripe_api.official_cli import Invocation

_CHUNK_BYTES = 65_536
_LAST_WORDS_SECONDS = 5.0
"""How long what a program says at its end may take to arrive."""


@emulator_command()
def stripe(
    at: EmulatorSession,
    arguments: Annotated[
        list[str] | None, typer.Argument(help="What the Stripe CLI is to do.", metavar="-- ARGS", show_default=False)
    ] = None,
) -> Answer:
    """Run the official Stripe CLI against the emulator; exit 4 when the API refused.

    For example `creditctl stripe -- trigger checkout.session.completed`, or `creditctl stripe -- get /v1/prices`.
    """
    if not arguments:
        raise UsageError(
            "Say what the Stripe CLI is to do.",
            code="usage.stripe_cli",
            fix="For example: creditctl stripe -- trigger checkout.session.completed",
        )
    from creditctl.ledger.sqlite.scratch_folder import scratch_folder
    from creditctl.stripe_api.official_cli import find_cli, invocation

    control, wiring = at.control, at.session.wiring
    program = find_cli(wiring.environ, wiring.folder)
    with scratch_folder("stripe") as scratch:
        call = invocation(program, arguments, control.url, control.key, wiring.environ, scratch)
        code, output = _run(wiring, call, quiet=at.session.as_json)
    return _answer(code, redact(output))


def _run(wiring: Wiring, call: Invocation, *, quiet: bool) -> tuple[int, str]:
    """Runs the CLI to its end; answers its exit code and what it said on stdout, as far as that was looked at."""
    straight = call.streaming and not quiet and _descriptor(wiring.stdout) is not None
    alone = not wiring.stdin.isatty()
    process = subprocess.Popen(
        call.argv,
        env=dict(call.environ),
        cwd=wiring.folder,
        stdin=subprocess.DEVNULL if _descriptor(wiring.stdin) is None else wiring.stdin,
        stdout=wiring.stdout if straight else subprocess.PIPE,
        stderr=_errors_of(call, wiring),
        process_group=0 if alone else None,
    )
    with process:
        try:
            return _said(process, wiring, quiet=quiet)
        except BaseException:
            _stop(process, group=alone)
            raise


def _errors_of(call: Invocation, wiring: Wiring) -> int | None:
    """Where the CLI's stderr goes: through our hands where a refusal of the API is said there."""
    if call.refuses_on_stderr:
        return subprocess.PIPE
    return None if _descriptor(wiring.stderr) is not None else subprocess.DEVNULL


def _said(process: subprocess.Popen[bytes], wiring: Wiring, *, quiet: bool) -> tuple[int, str]:
    """The exit code, and what was said on the streams that pass through our hands, stderr last."""
    heard: list[str] = []

    def listen() -> None:
        if process.stderr is not None:
            heard.append(_pass_on(process.stderr, wiring.stderr))

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    said = "" if process.stdout is None else _pass_on(process.stdout, None if quiet else wiring.stdout)
    code = process.wait()
    listener.join(_LAST_WORDS_SECONDS)
    return code, said + "".join(heard)


def _stop(process: subprocess.Popen[bytes], *, group: bool) -> None:
    """Ends the CLI and, in a group of its own, whatever it started: npm's `stripe` is a script around the program.

    On a terminal the CLI stays in the terminal's group: it may ask there, and Ctrl-C reaches all of it.
    """
    with contextlib.suppress(ProcessLookupError):
        if group:
            os.killpg(process.pid, signal.SIGTERM)
        else:
            process.terminate()


def _pass_on(source: IO[bytes], target: TextIO | None) -> str:
    """Hands every piece on as soon as it is there (a prompt has no line end), and keeps the beginning."""
    from creditctl.stripe_api.official_cli import MOST_CHARACTERS

    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    kept = ""
    while piece := os.read(source.fileno(), _CHUNK_BYTES):
        text = decoder.decode(piece)
        kept += text[: MOST_CHARACTERS - len(kept)]
        if target is not None:
            target.write(text)
            target.flush()
    return kept


def _descriptor(stream: Any) -> int | None:
    """The file descriptor of a stream; tests hand in streams that have none."""
    try:
        number: int = stream.fileno()
    except (AttributeError, OSError, ValueError):
        return None
    return number


def _answer(code: int, output: str) -> Answer:
    """What the CLI said, for --json alone: people have read it already. Errors: StripeRefused where the API refused."""
    import json

    from creditctl.emulator_client.client import refused
    from creditctl.stripe_api.official_cli import refusal_in

    refusal = refusal_in(output)
    if refusal is not None:
        raise refused(refusal, fix="Correct what it names, then run the same command again.")
    try:
        answer = json.loads(output)
    except ValueError:
        answer = None
    report = {"stripe_exit_code": code, "answer": answer, "output": output if answer is None else None}
    return Answer(report, exit_code=ExitCode.OK if code == 0 else ExitCode.FINDINGS)
