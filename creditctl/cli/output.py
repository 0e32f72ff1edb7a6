"""Output of a command: the conversation on stderr, the answer on stdout, or exactly one JSON document; no secret."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

from creditctl.cli.console import Console, make_console
from creditctl.core.errors import CreditctlError, ExitCode
from creditctl.core.keys import redact

if TYPE_CHECKING:
    import typer

    from creditctl.cli.wiring import Wiring
    from creditctl.core.findings import Finding
    from creditctl.core.modes import Mode
    from creditctl.core.redaction import Redactor


def document(
    command: str,
    *,
    mode: Mode | None,
    exit_code: int,
    findings: Sequence[Finding] = (),
    report: Mapping[str, Any] | None = None,
    error: CreditctlError | None = None,
) -> dict[str, Any]:
    """The one document that `--json` prints, also when something failed.

    Shape: schema, ok, mode, findings, then report or error; `ok` is true exactly when the exit code is 0.
    """
    body: dict[str, Any] = {
        "schema": f"creditctl.{command}.v1",
        "ok": exit_code == ExitCode.OK,
        "mode": None if mode is None else str(mode),
        "findings": [finding.as_dict() for finding in findings],
    }
    if error is None:
        return {**body, "report": dict(report or {})}
    return {**body, "error": error_as_dict(error)}


def error_as_dict(error: CreditctlError) -> dict[str, str | None]:
    """An error as it appears in a JSON document, free of secrets."""
    return {
        "type": error.type,
        "code": error.code,
        "message": redact(error.message),
        "fix": redact(error.fix),
        "request_id": error.request_id,
    }


def write_json(stream: TextIO, body: Mapping[str, Any]) -> None:
    """One JSON document and a line end; written at once so that a reader never sees half of it."""
    stream.write(json.dumps(body, indent=2, ensure_ascii=True, default=str) + "\n")
    stream.flush()


@dataclass
class Conversation:
    """What one run of one command says on stderr, and where its answer goes.

    Shape: `command` is the dotted name in the schema, such as `webhooks.list`.
    """

    command: str
    wiring: Wiring
    as_json: bool

    @cached_property
    def out(self) -> Console:
        """The console of the answer."""
        return make_console(self.wiring.stdout, self.wiring.environ)

    @cached_property
    def err(self) -> Console:
        """The console of the conversation."""
        return make_console(self.wiring.stderr, self.wiring.environ)

    def say(self, *parts: str, style: str | None = None) -> None:
        """A line of the conversation, on stderr; secrets are cut down on the way."""
        self.err.print(*(redact(part) for part in parts), style=style)


@dataclass(frozen=True)
class Answer:
    """What a command answers with: a report and findings for `--json`, what to show a person, and the exit code.

    Shape: `human` prints to the console that it is given; `printed` says that the answer is on stdout already.
    """

    report: Mapping[str, Any] = field(default_factory=dict)
    human: Callable[[Console], None] | None = None
    findings: Sequence[Finding] = ()
    exit_code: ExitCode = ExitCode.OK
    printed: bool = False

    @staticmethod
    def lines(report: Mapping[str, Any], *lines: str, exit_code: ExitCode = ExitCode.OK) -> Answer:
        """An answer that is a few lines for a person."""

        def human(console: Console) -> None:
            for line in lines:
                console.print(line)

        return Answer(report, human, exit_code=exit_code)

    @staticmethod
    def streamed(exit_code: ExitCode = ExitCode.OK) -> Answer:
        """The answer of a command that has printed everything as it came: JSON lines, a server's announcement."""
        return Answer(exit_code=exit_code, printed=True)


class ReaderLeft(BrokenPipeError):
    """The reader of our pipe went away (`| head`). Shape: `exit_code` is what the command came to, or STOPPED."""

    def __init__(self, exit_code: int) -> None:
        super().__init__()
        self.exit_code = exit_code


def print_answer(said: Conversation, answer: Answer) -> int:
    """Prints an answer, as one JSON document or for people. Shape: the exit code."""
    if not answer.printed and said.as_json:
        body = document(
            said.command,
            mode=said.wiring.mode,
            exit_code=answer.exit_code,
            findings=answer.findings,
            report=answer.report,
        )
        write_json(said.wiring.stdout, body)
    elif not answer.printed and answer.human is not None:
        answer.human(said.out)
    return int(answer.exit_code)


def dotted_name(ctx: typer.Context) -> str:
    """The name of the command that is being called, `webhooks.list`."""
    names: list[str] = []
    current: Any = ctx
    while current is not None and current.parent is not None:
        names.append(str(current.info_name))
        current = current.parent
    return ".".join(reversed(names))


class RedactedStream(io.StringIO):
    """Text stream over another one, which it hands every text without secrets.

    Shape: a StringIO by its type alone, so that it stands wherever a text stream is wanted; it keeps nothing. What
           goes beside the answer (`beside`) is dropped where nobody reads it any more: no work stops for that.
    """

    def __init__(self, plain: TextIO, redactor: Redactor, *, beside: bool = False) -> None:
        super().__init__()
        self.plain = plain
        self._redactor = redactor
        self._beside = beside

    def write(self, text: str, /) -> int:
        """Writes the text without secrets. Shape: the length of what was given, as its writer expects."""
        with self._unread():
            self.plain.write(self._redactor.redact(text))
        return len(text)

    def flush(self) -> None:
        """Flushes the stream below."""
        with self._unread():
            self.plain.flush()

    def _unread(self) -> AbstractContextManager[None]:
        return suppress(BrokenPipeError) if self._beside else nullcontext()

    def isatty(self) -> bool:
        """Whether the stream below is a terminal."""
        return self.plain.isatty()

    def fileno(self) -> int:
        """The descriptor of the stream below; what is written there directly is not looked at."""
        return self.plain.fileno()


def redacted(stream: TextIO, redactor: Redactor, *, beside: bool = False) -> TextIO:
    """The stream behind a redactor; one that is already is given back as it is. Shape: `beside` is that of stderr."""
    return stream if isinstance(stream, RedactedStream) else RedactedStream(stream, redactor, beside=beside)


def plain_stream(stream: TextIO) -> TextIO:
    """The stream itself, in front of any redactor."""
    return stream.plain if isinstance(stream, RedactedStream) else stream
