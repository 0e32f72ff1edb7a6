"""Process of a backend under test: started with its environment, waited for, killed with its children, restarted."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from creditctl.core.errors import ConfigurationError, Unreachable
from creditctl.core.text import last_words
from creditctl.simulation.target.bounded_http import request_bounded

if TYPE_CHECKING:
    import httpx

_POLL_SECONDS = 0.05
_GRACE_SECONDS = 5.0
_SHOWN_CHARACTERS = 600
_WATCH = 'read line || kill -s KILL -- "-$1"'
"""A shell that waits for a line; when its other end goes away without one, it kills a process group."""


@dataclass
class BackendProcess:
    """A backend that simulate starts itself; its output goes to a log file.

    Shape:  `start` is a shell command; `restart` starts it again with its data, None where it must not be killed.
    Errors: ConfigurationError where it ends at once, Unreachable where it does not answer in time.
    """

    start_command: str
    restart_command: str | None
    ready_url: str
    environ: Mapping[str, str]
    folder: Path
    log_path: Path
    http: httpx.Client
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    ready_seconds: float = 60.0
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _log: IO[bytes] | None = field(default=None, init=False)
    _watch: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Starts it for the first time, and waits until it answers. Errors: ConfigurationError where another does."""
        if self._answers():
            raise ConfigurationError(
                f"Something answers at {self.ready_url} already, before `{self.start_command}` was started.",
                code="simulate.port_taken",
                fix="Stop it, or write {port} in --start and --ready, which stands for a free port.",
            )
        self._launch(self.start_command)

    def restart(self) -> None:
        """Starts it again after it was killed, and waits until it answers."""
        self._launch(self.restart_command or self.start_command)

    def kill(self) -> None:
        """Kills it at once with all its children, as a crash does."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """Asks it to end, and kills what is left after a while."""
        self._signal(signal.SIGTERM)
        self._signal(signal.SIGKILL)
        self._end_watch()
        if self._log is not None:
            self._log.close()
            self._log = None

    def _launch(self, command: str) -> None:
        if self._child is not None and self._child.poll() is None:
            self.kill()  # an interrupted start is begun again: no child may be left that nobody knows of
        if self._log is None:
            self._log = self.log_path.open("ab")
        # A session of its own: killing its group reaches the server behind the shell, and never us.
        self._child = subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._begin_watch(self._child.pid)
        self._wait_until_ready(command)

    def _begin_watch(self, group: int) -> None:
        """Has the group killed where this process is: nobody else is left to do so after a SIGKILL."""
        self._end_watch()
        command = ["/bin/sh", "-c", _WATCH, "sh", str(group)]
        null = subprocess.DEVNULL
        self._watch = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=null, stderr=null, start_new_session=True)

    def _end_watch(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            with suppress(BrokenPipeError):
                watch.communicate(b"\n")

    def _wait_until_ready(self, command: str) -> None:
        deadline = self.monotonic() + self.ready_seconds
        while self.monotonic() < deadline:
            if self._answers():
                return
            code = None if self._child is None else self._child.poll()
            if code:
                raise ConfigurationError(
                    f"`{command}` ended with exit code {code} before it answered. "
                    f"Its last words: {self.tail() or 'none'}",
                    code="simulate.start",
                    fix="Run the command by hand; simulate sets STRIPE_SECRET_KEY, STRIPE_API_BASE and its like.",
                )
            self.sleep(_POLL_SECONDS)
        raise Unreachable(
            f"The backend did not answer at {self.ready_url} within {self.ready_seconds:.0f} seconds. "
            f"Its last words: {self.tail() or 'none'}",
            code="simulate.not_ready",
            fix="Name a URL with --ready that answers once the backend is up, and read its output above.",
        )

    def _answers(self) -> bool:
        import httpx

        try:
            return request_bounded(self.http, "GET", self.ready_url).status_code < 500
        except httpx.HTTPError:
            return False

    def tail(self) -> str:
        """The end of its output, in one line."""
        try:
            text = self.log_path.read_bytes().decode("utf-8", "replace")
        except OSError:
            return ""
        return last_words(" ".join(text.split()), _SHOWN_CHARACTERS)

    def _signal(self, number: signal.Signals) -> None:
        child = self._child
        if child is None:
            return
        try:
            os.killpg(child.pid, number)
        except (ProcessLookupError, PermissionError):
            child.poll()
        try:
            child.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            return
