"""How a command speaks: the conversation on stderr, the answer on stdout, or exactly one JSON document."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import typer

from creditctl.core.errors import CreditctlError, ExitCode
from creditctl.core.keys import redact

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from creditctl.cli.wiring import Wiring
    from creditctl.core.findings import Finding
    from creditctl.core.modes import Mode

_PLAIN_WIDTH = 120


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


def make_console(stream: TextIO, environ: Mapping[str, str]) -> Console:
    """A console that honours NO_COLOR, FORCE_COLOR and COLUMNS, and stays plain where no person looks."""
    from rich.console import Console

    class PipeConsole(Console):
        """Leaves a reader's early leave to the error boundary: Rich itself would end the program with 1."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    interactive = stream.isatty() or bool(environ.get("FORCE_COLOR"))
    width = None if stream.isatty() or environ.get("COLUMNS") else _PLAIN_WIDTH
    return PipeConsole(
        file=stream,
        _environ=environ,
        width=width,
        highlight=False,
        emoji=False,
        soft_wrap=not interactive,
        force_terminal=True if environ.get("FORCE_COLOR") else None,
        no_color=bool(environ.get("NO_COLOR")) or None,
    )


@dataclass
class Run:
    """One run of one command: what it says, and how it ends.

    Shape: `command` is the dotted name in the schema, such as `webhooks.list`.
    """

    command: str
    wiring: Wiring
    as_json: bool

    def __post_init__(self) -> None:
        self.out = make_console(self.wiring.stdout, self.wiring.environ)
        self.err = make_console(self.wiring.stderr, self.wiring.environ)

    def say(self, *parts: RenderableType, style: str | None = None) -> None:
        """A line of the conversation, on stderr; secrets are cut down on the way."""
        clean = [redact(part) if isinstance(part, str) else part for part in parts]
        self.err.print(*clean, style=style, markup=False)

    def finish(
        self,
        report: Mapping[str, Any],
        *,
        human: Callable[[Console], None],
        findings: Sequence[Finding] = (),
        exit_code: ExitCode = ExitCode.OK,
    ) -> NoReturn:
        """Prints the answer, as JSON or for people, and leaves with the exit code."""
        if self.as_json:
            write_json(
                self.wiring.stdout,
                document(self.command, mode=self.wiring.mode, exit_code=exit_code, findings=findings, report=report),
            )
        else:
            human(self.out)
        raise typer.Exit(int(exit_code))


def start(ctx: typer.Context, *, as_json: bool = False) -> Run:
    """The run of the command that is being called; its name is the path of the command."""
    names: list[str] = []
    current: typer.Context | None = ctx
    while current is not None and current.parent is not None:
        names.append(str(current.info_name))
        current = current.parent  # type: ignore[assignment]
    return Run(command=".".join(reversed(names)), wiring=ctx.find_root().obj, as_json=as_json)
