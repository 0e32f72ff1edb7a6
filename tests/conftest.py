"""What every test may use: a clock that stands still, an emulator, and the command line with both wired in."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from creditctl.cli.app import run
from creditctl.cli.wiring import Wiring

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator

# Time limits on examples only measure the machine. At the desk each run tries new examples; a hand-in is repeatable.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

TEST_KEY = "sk_test_emulator0000000000"
START = 1_790_000_000
"""September 2026 in Unix seconds: when the tests' clocks begin."""


@dataclass
class Clock:
    """A clock that moves only when a test moves it. Units: Unix seconds."""

    now: int = START

    def __call__(self) -> int:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += max(1, round(seconds))


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


@dataclass
class Cli:
    """The command line in one folder with one environment: `cli("packages", "--json")`."""

    folder: Path
    clock: Clock
    environ: dict[str, str] = field(default_factory=dict)
    transport: Callable[[], Any] | None = None

    def __call__(self, *arguments: str, stdin: str = "") -> Outcome:
        wiring = Wiring(
            environ=self.environ,
            folder=self.folder,
            stdin=io.StringIO(stdin),
            stdout=io.StringIO(),
            stderr=io.StringIO(),
            clock=self.clock,
            sleep=self.clock.sleep,
            transport=self.transport,
        )
        code = run(list(arguments), wiring)
        return Outcome(code, wiring.stdout.getvalue(), wiring.stderr.getvalue())  # type: ignore[attr-defined]

    def write_env(self, lines: Sequence[str]) -> Path:
        """Writes `.env` into the folder."""
        path = self.folder / ".env"
        path.write_text("".join(f"{line}\n" for line in lines))
        path.chmod(0o600)
        return path


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still in September 2026."""
    return Clock()


@pytest.fixture
def emulator(clock: Clock) -> Iterator[Emulator]:
    """An emulator in memory, with the test's clock."""
    from creditctl.emulator.app import Emulator

    built = Emulator(clock=clock, seed=1)
    yield built
    built.close()


@pytest.fixture
def offline_cli(tmp_path: Path, clock: Clock) -> Cli:
    """The command line with an empty environment and no Stripe behind it."""
    return Cli(folder=tmp_path, clock=clock, environ={"HOME": str(tmp_path), "NO_COLOR": "1"})


@pytest.fixture
def cli(tmp_path: Path, clock: Clock, emulator: Emulator) -> Cli:
    """The command line in a fresh folder, its Stripe the in-process emulator."""
    from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient

    environ = {
        "HOME": str(tmp_path),
        "NO_COLOR": "1",
        "STRIPE_SECRET_KEY": TEST_KEY,
        "STRIPE_API_BASE": "http://127.0.0.1:12111",
    }
    return Cli(folder=tmp_path, clock=clock, environ=environ, transport=lambda: EmulatorHTTPClient(emulator))
