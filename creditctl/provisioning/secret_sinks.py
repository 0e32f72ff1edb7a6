"""Secret sinks: a new signing secret is stored in the env file, or handed to a command on its standard input."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from creditctl.atomic_file import SYSTEM, FileCalls, sweep_drafts
from creditctl.core.errors import ConfigurationError
from creditctl.core.keys import SECRET_PATTERN, Secret, is_server_key
from creditctl.provisioning.env_file import check_writable, read_value, write_value

SETTING = "STRIPE_WEBHOOK_SECRET"
KEY_SETTING = "STRIPE_SECRET_KEY"
_COMMAND_TIMEOUT_SECONDS = 120


class SecretSink(Protocol):
    """Interface of a place that signing secrets are stored in."""

    def check(self) -> None:
        """Proves that `store` could work, before anything is created. Errors: ConfigurationError."""

    def store(self, secrets: Sequence[Secret]) -> None:
        """Hands the secrets over, newest first; several during a rotation. Errors: ConfigurationError."""

    def sweep(self) -> None:
        """Removes what a killed run left behind. Errors: none."""


@dataclass(frozen=True)
class EnvFileSink:
    """Secret sink that writes STRIPE_WEBHOOK_SECRET=… into the env file, unquoted and private.

    A secret that a new one replaces stays as a comment above it: it may be the only copy of another endpoint's, as of
    an account whose key stood there before. Where secrets are only taken out, a rotation has ended, and none stays.
    Shape: `key` is the Stripe key in use: a file that names another one is another account's or mode's.
    """

    path: Path
    key: Secret | None = None
    calls: FileCalls = SYSTEM

    def check(self) -> None:
        """Errors: ConfigurationError where the file could not be replaced, or names another key."""
        try:
            self._require_same_key()
            check_writable(self.path, calls=self.calls)
        except (OSError, UnicodeDecodeError) as error:
            raise self._refused(error) from None

    def store(self, secrets: Sequence[Secret]) -> None:
        """Errors: ConfigurationError; the file is then as it was."""
        new = [secret.reveal() for secret in secrets]
        try:
            self._require_same_key()
            write_value(self.path, SETTING, ",".join(new), remark=self._replaced(new), calls=self.calls)
        except (OSError, UnicodeDecodeError) as error:
            raise self._refused(error) from None

    def sweep(self) -> None:
        """Removes what a killed write left beside the file: a draft holds the secret too."""
        sweep_drafts(self.path)

    def _replaced(self, new: Sequence[str]) -> str:
        """What is said of the secrets that stand in the file and will not any more; empty where none is lost."""
        there = [part.strip() for part in (read_value(self.path, SETTING) or "").split(",")]
        gone = [part for part in there if SECRET_PATTERN.fullmatch(part) and part not in new]
        return f"Replaced by creditctl: {SETTING}={','.join(gone)}" if gone and set(new) - set(there) else ""

    def _require_same_key(self) -> None:
        """The backend of this file uses its key; a secret of another account would break its deliveries."""
        named = read_value(self.path, KEY_SETTING)
        if self.key is None or named is None or not is_server_key(named) or Secret(named) == self.key:
            return
        raise ConfigurationError(
            f"{self.path} names another Stripe key than the one in use, so no signing secret is written into it.",
            code="setup.env_file_key",
            fix=f"Unset {KEY_SETTING} in the process environment to use the file's key, name the env file of this key "
            "with --env-file, or hand the secret to a command with --secret-command.",
        )

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
        """Errors: ConfigurationError with the exit code alone: whatever the command said may be the secret."""
        try:
            done = subprocess.run(
                self._words(),
                input=",".join(secret.reveal() for secret in secrets).encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_COMMAND_TIMEOUT_SECONDS,
                check=False,
                cwd=self.folder,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise self._failed(type(error).__name__) from None
        if done.returncode != 0:
            raise self._failed(f"exit code {done.returncode}")

    def sweep(self) -> None:
        """Nothing lies about: the secret went through a pipe."""

    def _words(self) -> list[str]:
        try:
            return shlex.split(self.command)
        except ValueError:
            return []

    def _failed(self, reason: str) -> ConfigurationError:
        return ConfigurationError(
            f"The secret command did not take the secret ({reason}); what it said is not shown, "
            "for it held the secret.",
            code="setup.secret_command",
            fix="Run it by hand with a dummy value on its standard input, correct --secret-command, then run setup "
            "again.",
        )
