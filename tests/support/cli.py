"""The command line in process: one folder, one environment, a test clock and a Stripe of the test's choice."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import stripe

from creditctl.cli.app import run
from creditctl.cli.wiring import Wiring
from tests.support.clock import Clock


@dataclass(frozen=True)
class Outcome:
    """How one command ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        parsed: dict[str, Any] = json.loads(self.stdout)
        return parsed

    @property
    def report(self) -> dict[str, Any]:
        """The document's report."""
        report: dict[str, Any] = self.document["report"]
        return report


class _Keyboard(io.StringIO):
    """Standard input at which somebody sits."""

    def isatty(self) -> bool:
        return True


@dataclass
class Cli:
    """The command line in one folder with one environment: `cli("packages", "--json")`."""

    folder: Path
    clock: Clock
    environ: dict[str, str] = field(default_factory=dict)
    transport: Callable[[], stripe.HTTPClient] | None = None

    def __call__(self, *arguments: str, stdin: str = "") -> Outcome:
        return self._run(arguments, io.StringIO(stdin))

    def answered(self, answer: str, *arguments: str) -> Outcome:
        """Runs a command at a terminal where somebody types an answer."""
        return self._run(arguments, _Keyboard(answer))

    def _run(self, arguments: Sequence[str], stdin: io.StringIO) -> Outcome:
        stdout, stderr = io.StringIO(), io.StringIO()
        wiring = self.wiring(stdin, stdout, stderr)
        code = run(list(arguments), wiring)
        return Outcome(code, stdout.getvalue(), stderr.getvalue())

    def wiring(
        self, stdin: io.StringIO | None = None, stdout: io.StringIO | None = None, stderr: io.StringIO | None = None
    ) -> Wiring:
        """The wiring of one command."""
        return Wiring(
            environ=self.environ,
            folder=self.folder,
            stdin=stdin or io.StringIO(),
            stdout=stdout or io.StringIO(),
            stderr=stderr or io.StringIO(),
            clock=self.clock,
            sleep=self.clock.sleep,
            transport=self.transport,
        )

    def write_env(self, lines: Sequence[str]) -> Path:
        """Writes `.env` into the folder."""
        path = self.folder / ".env"
        path.write_text("".join(f"{line}\n" for line in lines))
        path.chmod(0o600)
        return path
