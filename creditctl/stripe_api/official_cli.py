"""Official Stripe CLI: finds it, calls it against the emulator and nowhere else, reads the API's refusal.

Source: Stripe CLI 1.52 as measured: `--api-base` must stand on every call and takes loopback IP literals only; the
commands `get`, `post`, `delete` and those of resources exit 0 on 400, 404, 429 and 500 (stripe-cli issue 758).
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from creditctl.core.errors import ConfigurationError, GuardRefused, UsageError
from creditctl.core.keys import ApiKey

DEAD_PROXY = "http://127.0.0.1:9"
"""Nothing listens on the discard port, so the CLI's update check fails at once; Go never proxies this machine."""

_ACCOUNT = frozenset({"login", "logout", "sandbox", "switch"})
_PLUGINS = frozenset({"apps", "directory", "generate", "pay", "plugin", "projects", "provision", "tools"})
_PAGES = frozenset({"agent", "community", "data", "docs", "feedback", "open"})
AWAY = _ACCOUNT | _PLUGINS | _PAGES
"""Commands that speak with Stripe's own servers or pages, and have nothing to say to an emulator."""

STREAMING = frozenset({"fixtures", "listen", "logs", "trigger"})
"""Commands that exit as they should: their output goes straight through, terminal and all."""

REFUSES_ON_STDERR = frozenset({"fixtures", "trigger"})
"""Commands that say what the API refused on stderr, in one line with its answer, and exit 1."""

_OURS = frozenset({"--api-base", "--api-key", "--live", "--config", "--project-name", "-p"})
_WITH_VALUE = frozenset({"--color", "--device-name", "--log-level"})
_LIVE_KEY = re.compile(r"(?:sk|rk)_live_")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
MOST_CHARACTERS = 4_000_000
"""How much of an answer is looked at; a list of a hundred objects with everything expanded is about a tenth of it."""


@dataclass(frozen=True)
class Invocation:
    """One call of the CLI: the command line, and its whole environment."""

    argv: tuple[str, ...]
    environ: Mapping[str, str]
    streaming: bool
    refuses_on_stderr: bool = False


def find_cli(environ: Mapping[str, str], folder: Path) -> Path:
    """Finds the CLI's program: STRIPE_CLI, else `stripe` on the PATH, else what npm put into this folder.

    Errors: ConfigurationError saying how to install it.
    """
    named = environ.get("STRIPE_CLI")
    if named:
        if shutil.which(named, path=environ.get("PATH", "")) is None:
            raise ConfigurationError(
                "STRIPE_CLI names no program that can be run.",
                code="stripe_cli.missing",
                fix="Correct it, or unset it to use `stripe` on the PATH.",
            )
        return Path(str(shutil.which(named, path=environ.get("PATH", ""))))
    found = shutil.which("stripe", path=environ.get("PATH", ""))
    here = folder / "node_modules" / ".bin" / "stripe"
    if found is None and not here.exists():
        raise ConfigurationError(
            "The official Stripe CLI is not installed.",
            code="stripe_cli.missing",
            fix="Install it with `npm install -g @stripe/cli` (without -g: in this folder), or name it in STRIPE_CLI.",
        )
    return here if found is None else Path(found)


def invocation(
    program: Path, arguments: Sequence[str], url: str, key: ApiKey, environ: Mapping[str, str], scratch: Path
) -> Invocation:
    """Builds the call that goes to the emulator and nowhere else.

    Shape:  `scratch` is the folder for the CLI's own settings, so that yours stay as they are.
    Errors: UsageError, GuardRefused where the arguments would lead somewhere else or name a live key.
    """
    _refuse_live(arguments, key)
    command = _command(arguments)
    if command in AWAY:
        raise UsageError(
            f"`stripe {command}` talks to Stripe itself, not to the emulator.",
            code="usage.stripe_cli",
            fix=f"Run it without creditctl: stripe {command}",
        )
    for argument in arguments:
        _refuse_ours(argument.partition("=")[0])
    argv = (str(program), *arguments, "--api-base", numeric_url(url))
    return Invocation(argv, _environment(key, environ, scratch), command in STREAMING, command in REFUSES_ON_STDERR)


def _command(arguments: Sequence[str]) -> str:
    """The first argument that is neither an option of the CLI itself nor the value of one."""
    before = ""
    for argument in arguments:
        if not argument.startswith("-") and before not in _WITH_VALUE:
            return argument
        before = argument
    return ""


def _refuse_live(arguments: Sequence[str], key: ApiKey) -> None:
    """The CLI itself would take a live key to any loopback address without a word."""
    if key.livemode or any(_LIVE_KEY.search(argument) for argument in arguments):
        raise GuardRefused(
            "A live key is never handed to the Stripe CLI here.",
            code="guard.live_key_local",
            fix="Use a test key (sk_test_…): the emulator takes any.",
        )


def _refuse_ours(option: str) -> None:
    if option in _OURS:
        raise UsageError(
            f"{option} is set by creditctl, so that the CLI reaches the emulator and nothing else.",
            code="usage.stripe_cli",
            fix="Leave it out: --url (before `--`) names the emulator, STRIPE_SECRET_KEY or --key-name the key.",
        )


def numeric_url(url: str) -> str:
    """Replaces `localhost` by 127.0.0.1 in a URL: the CLI refuses the name (stripe-cli pull request 1973)."""
    parts = urlsplit(url)
    host = str(parts.hostname)
    if host != "localhost" and not host.endswith(".localhost"):
        return url
    return f"http://127.0.0.1:{parts.port or 80}"


def _environment(key: ApiKey, environ: Mapping[str, str], scratch: Path) -> dict[str, str]:
    """The caller's environment without Stripe's variables and proxies, with the key, and with every way out closed."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("STRIPE_") and name.upper() not in ("HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")
    }
    return {
        **kept,
        "STRIPE_API_KEY": key.secret.reveal(),
        "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
        "DO_NOT_TRACK": "1",
        "HTTPS_PROXY": DEAD_PROXY,
        "HOME": str(scratch),
        "XDG_CONFIG_HOME": str(scratch),
    }


def refusal_in(output: str) -> dict[str, Any] | None:
    """Reads the API's error from the CLI's output: a JSON object whose `error` says its type; None for any other.

    Shape: text may stand before and after the JSON.
    """
    plain = _ANSI.sub("", output)
    start = plain.find("{")
    while start >= 0:
        body, end = _json_at(plain, start)
        if isinstance(body, dict):
            error = body.get("error")
            if isinstance(error, dict) and "type" in error:
                return error
        start = plain.find("{", end)
    return None


def _json_at(text: str, start: int) -> tuple[Any, int]:
    """The JSON value that begins here and where it ends; nothing and the next character where none does."""
    try:
        return json.JSONDecoder().raw_decode(text, start)
    except ValueError:
        return None, start + 1
