"""The only place that builds real things: environment, clock, Stripe client, ledger. Tests hand in their own."""

from __future__ import annotations

import os
import random
import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from creditctl.cli.console import make_console
from creditctl.core.errors import ConfigurationError
from creditctl.core.modes import Mode, require_mode
from creditctl.core.redaction import Redactor

if TYPE_CHECKING:
    import httpx
    import stripe

    from creditctl.checks.probe import ProbeAnswer
    from creditctl.core.catalog import Catalog
    from creditctl.core.keys import Secret
    from creditctl.core.project_file.options import PlainValues
    from creditctl.core.settings import Settings
    from creditctl.provisioning.probing.responses import ProbeResponses
    from creditctl.stripe_api.client import StripeConnection
    from creditctl.stripe_api.retry import RetryPolicy

DEFAULT_ENV_FILE = Path(".env")
_CA_FILE = "SSL_CERT_FILE"


def now_seconds() -> int:
    """The wall clock in Unix seconds."""
    return int(time.time())


def no_command_line(_arguments: Sequence[str], _wiring: Wiring) -> int:
    """Stands for a command line that nobody handed in. Errors: RuntimeError."""
    raise RuntimeError("this wiring was given no command line to run commands with")


@cache
def process_name() -> str:
    """A random name of this process, the same all its life."""
    return secrets.token_hex(4)


@dataclass
class Wiring:
    """Everything that a command reaches the outside world through.

    Shape: `transport` replaces the HTTP client under the Stripe SDK, None means a real one; `run` is the command line
           itself (`cli/app.py` puts itself here), for commands that run others, as `demo` does.
    """

    environ: Mapping[str, str]
    folder: Path
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    clock: Callable[[], int] = now_seconds
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    token: Callable[[int], str] = secrets.token_hex
    transport: Callable[[], stripe.HTTPClient] | None = None
    probe: Callable[[str], ProbeAnswer] | None = None
    deliver_probe: Callable[[str, Sequence[Secret]], ProbeResponses] | None = None
    run: Callable[[Sequence[str], Wiring], int] = no_command_line
    redactor: Redactor = field(default_factory=Redactor)
    mode: Mode | None = field(default=None, init=False)
    trusted: str | None = field(default=None, init=False)
    told: set[str] = field(default_factory=set, init=False)

    def settings(
        self, env_file: Path | None = None, expected: Mode | None = None, plain: PlainValues | None = None
    ) -> Settings:
        """The merged settings; the mode they say is remembered for the JSON document.

        Shape:  `plain` are values of the project file that options said instead.

        Errors: ConfigurationError on an unreadable file or project file; GuardRefused when `expected` is another mode.
        """
        from creditctl.cli.project_file import CONFIG_SETTING, load_project_file

        settings = self.settings_alone(env_file)
        project = load_project_file(settings.env_file, self.folder, settings.text(CONFIG_SETTING), self.redactor)
        settings = replace(settings, project=project if plain is None else plain.over(project))
        if expected is not None:
            require_mode(expected, settings.mode)
        return settings

    def settings_alone(self, env_file: Path | None = None) -> Settings:
        """The merged settings without the project file. Errors: ConfigurationError on an unreadable file."""
        from creditctl.core.settings import merge_settings

        path = env_file or DEFAULT_ENV_FILE
        file = read_env_file(self.folder / path, required=env_file is not None)
        settings = merge_settings(
            file,
            self.environ,
            env_file=path,
            folder=self.folder,
            on_conflict=lambda name: self.say_conflict(name, path),
        )
        self.redactor.register_all(file)
        self.redactor.register_all(settings.values)
        self.mode, self.trusted = settings.mode_or_none, settings.text(_CA_FILE)
        return settings

    def secret_variable(self, name: str, settings: Settings) -> str | None:
        """The value of a variable that holds a secret, by whatever name, from the environment or the env file.

        Shape: whoever reads one by a name that an option or creditctl.toml says (`*_env`) reads it here, so that no
               output shows it.
        """
        exported, written = self.environ.get(name), settings.values.get(name)
        for known in filter(None, (exported, written)):
            self.redactor.register(known, whole=True)
        if exported and written and exported != written:
            self.say_conflict(name, settings.env_file)
        return exported or settings.text(name)

    def say_conflict(self, name: str, env_file: Path) -> None:
        """Says once, on stderr, that a value in use stands in two places differently, and which one is used."""
        if name in self.told:
            return
        self.told.add(name)
        text = f"Note: {name} is exported with another value than in {env_file}; the exported one is used."
        make_console(self.stderr, self.environ).print(text)

    def stripe(
        self, settings: Settings, *, audited: bool = True, policy: RetryPolicy | None = None
    ) -> StripeConnection:
        """The connection to Stripe for these settings; close it, or use it in a `with`.

        Errors: ConfigurationError on a bad key or base; GuardRefused where a live key would go to an unknown server.
        """
        from creditctl.stripe_api.audit import AuditLog
        from creditctl.stripe_api.client import connect

        return connect(
            settings,
            sleep=self.sleep,
            chance=self.chance,
            transport=None if self.transport is None else self.transport(),
            audit=AuditLog(settings.audit_path, self.clock, process_name(), self.redactor.redact) if audited else None,
            policy=policy,
            clock=self.clock,
        )

    def http_client(
        self, url: str, *, timeout_seconds: float, proxied: bool = True, ca_file: Path | None = None
    ) -> httpx.Client:
        """An HTTP client for deliveries to a URL; close it, or use it in a `with`. No proxy to this machine.

        Shape:  certificates of `ca_file`, else of SSL_CERT_FILE in the environment or in the settings read last, are
                trusted beside the usual ones.
        Errors: ConfigurationError where that file holds none.
        """
        import httpx

        from creditctl.core.modes import is_loopback_url
        from creditctl.stripe_api.certificates import trusting, usual_authorities

        trust_env = proxied and not is_loopback_url(url)
        named = ca_file or self.environ.get(_CA_FILE) or self.trusted
        own = trusting(self.folder / named) if named and url.startswith("https://") else None
        verify = own or usual_authorities(trust_env=trust_env)
        return httpx.Client(timeout=timeout_seconds, trust_env=trust_env, follow_redirects=False, verify=verify)

    def catalog(self, path: Path | None = None) -> Catalog:
        """The packages: those of the file, or the five that come with creditctl.

        Errors: ConfigurationError if the file cannot be read or is not valid.
        """
        from importlib import resources

        from creditctl.core.catalog import parse_catalog

        if path is None:
            shipped = resources.files("creditctl.core").joinpath("packages.toml")
            return parse_catalog(shipped.read_text(encoding="utf-8"))
        return parse_catalog(read_text(self.folder / path, "the catalogue"), source=str(path))


def read_text(path: Path, what: str) -> str:
    """A text file's content. Errors: ConfigurationError naming the file and the reason."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
    raise ConfigurationError(
        f"Cannot read {what} {path}: {reason}.",
        code="file.unreadable",
        fix="Check the path and its permissions.",
    )


def read_env_file(path: Path, *, required: bool) -> dict[str, str | None]:
    """The settings in an env file as they stand, nothing interpolated; a missing default file is an empty one.

    Errors: ConfigurationError if it cannot be read, or is missing although it was named.
    """
    if not required and not path.exists():
        return {}
    from io import StringIO

    from dotenv import dotenv_values

    return dotenv_values(stream=StringIO(read_text(path, "the env file")), interpolate=False)


def real_wiring() -> Wiring:
    """The real world: this process's environment, folder and streams; a stream that is closed (`>&-`) takes all."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # two names that a locale lacks stay two
    return Wiring(environ=os.environ, folder=Path.cwd(), stdin=sys.stdin, stdout=sys.stdout, stderr=sys.stderr)
