"""Secret sinks: a new signing secret is stored in the env file, or handed to a command on its standard input."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from creditctl.core.errors import ConfigurationError
from creditctl.core.keys import Secret, redact
from creditctl.provisioning.env_file import check_writable, write_value

SETTING = "STRIPE_WEBHOOK_SECRET"
_COMMAND_TIMEOUT_SECONDS = 120
_SHOWN_CHARACTERS = 300


class SecretSink(Protocol):
    """Interface of a place that signing secrets are stored in."""

    def check(self) -> None:
        """Proves that `store` could work, before anything is created. Errors: ConfigurationError."""

    def store(self, secrets: Sequence[Secret]) -> None:
        """Hands the secrets over, newest first; several during a rotation. Errors: ConfigurationError."""


@dataclass(frozen=True)
class EnvFileSink:
    """Secret sink that writes STRIPE_WEBHOOK_SECRET=… into the env file, unquoted, mode 0600."""

    path: Path

    def check(self) -> None:
        """Errors: ConfigurationError where the file could not be replaced."""
        try:
            check_writable(self.path)
        except (OSError, UnicodeDecodeError) as error:
            raise self._refused(error) from None

    def store(self, secrets: Sequence[Secret]) -> None:
        """Errors: ConfigurationError; the file is then as it was."""
        try:
            write_value(self.path, SETTING, ",".join(secret.reveal() for secret in secrets))
        except (OSError, UnicodeDecodeError) as error:
            raise self._refused(error) from None

    def _refused(self, error: OSError | UnicodeDecodeError) -> ConfigurationError:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        return ConfigurationError(
            f"The signing secret could not be written to {self.path}: {reason}.",
            code="setup.env_file",
            fix="Make the file and its folder writable, or name another file with --env-file, then run setup again.",
        )


@dataclass(frozen=True)
class CommandSink:
    """Secret sink that runs a command with the secret on standard input, without a line end that it would keep."""

    command: str
    folder: Path

    def check(self) -> None:
        """Errors: ConfigurationError where there is no such program."""
        words = self._words()
        if not words or shutil.which(words[0], path=None) is None:
            raise ConfigurationError(
                f"The secret command cannot be run: there is no program {words[0] if words else '(empty)'}.",
                code="setup.secret_command",
                fix="Check --secret-command; it is run without a shell.",
            )

    def store(self, secrets: Sequence[Secret]) -> None:
        """Errors: ConfigurationError with what the command said, secrets cut down."""
        value = ",".join(secret.reveal() for secret in secrets)
        try:
            done = subprocess.run(
                self._words(),
                input=value,
                text=True,
                capture_output=True,
                timeout=_COMMAND_TIMEOUT_SECONDS,
                check=False,
                cwd=self.folder,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise self._failed(type(error).__name__) from None
        if done.returncode != 0:
            said = (done.stderr or done.stdout).replace(value, "…").strip()[:_SHOWN_CHARACTERS]
            raise self._failed(f"exit code {done.returncode}{said and ': '}{redact(said)}")

    def _words(self) -> list[str]:
        try:
            return shlex.split(self.command)
        except ValueError:
            return []

    def _failed(self, reason: str) -> ConfigurationError:
        return ConfigurationError(
            f"The secret command did not take the secret ({reason}).",
            code="setup.secret_command",
            fix="Run it by hand with a dummy value, correct --secret-command, then run setup again.",
        )
