"""Rules about names: every needed setting is there once, under its right name, and nothing overrides it unseen."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from creditctl.checks.env.model import (
    ALL_KEYS,
    PROCESS,
    PUBLIC_PREFIXES,
    SECRET_KEYS,
    EnvFile,
    EnvView,
    Setting,
    finding,
)
from creditctl.checks.env.placeholders import is_placeholder
from creditctl.core.findings import Finding, Severity
from creditctl.core.modes import Mode

_CLOSE_ENOUGH = 0.85

_NEEDED = {
    "STRIPE_SECRET_KEY": (
        Severity.CRITICAL,
        "Everything that talks to Stripe needs it.",
        "Copy the secret key from the Dashboard (Developers, API keys).",
    ),
    "STRIPE_WEBHOOK_SECRET": (
        Severity.HIGH,
        "Without it no webhook can be verified, so no credits arrive.",
        "`creditctl setup` creates the endpoint and writes it; for local work `creditctl events listen` does.",
    ),
    "FRONTEND_URL": (
        Severity.HIGH,
        "Checkout sends the buyer back to it.",
        "Write the storefront's URL, such as http://localhost:3000.",
    ),
}

_KNOWN_BY_VALUE = {"STRIPE_SECRET_KEY": "a secret key", "STRIPE_WEBHOOK_SECRET": "a webhook signing secret"}
_PREFIXES = {
    "STRIPE_SECRET_KEY": re.compile(r"(?:sk|rk|rkcs)_(?:test|live)_\w"),
    "STRIPE_WEBHOOK_SECRET": re.compile(r"whsec_\w"),
}


def needed(view: EnvView) -> Iterator[Finding]:
    """The settings that the backend cannot do without have a value; what cannot be read is said by other rules."""
    if not view.backend.exists and "STRIPE_SECRET_KEY" not in view.process:
        return  # `present` says that nothing is there at all
    for name, (severity, why, fix) in _NEEDED.items():
        if view.winning(name) is None and not _is_said_elsewhere(view, name):
            waits = name == "STRIPE_WEBHOOK_SECRET" and _waits_for_setup(view, name)
            yield _missing(view, view.backend, name, Severity.INFO if waits else severity, why, fix)
    if view.winning("CREDITS_API_URL") is None:
        live = view.mode is Mode.LIVE
        why = "Stripe delivers webhooks to it; " + (
            "set-up refuses without it." if live else "without it set-up does the catalogue only."
        )
        fix = "Write the backend's public URL." if live else "For local work use `creditctl events listen`."
        yield _missing(view, view.backend, "CREDITS_API_URL", Severity.HIGH if live else Severity.INFO, why, fix)
    if view.frontend.exists and view.winning("NEXT_PUBLIC_API_URL") is None:
        why, fix = "The storefront calls the backend under it.", "Write the backend's URL."
        yield _missing(view, view.frontend, "NEXT_PUBLIC_API_URL", Severity.HIGH, why, fix)


def _is_said_elsewhere(view: EnvView, name: str) -> bool:
    """Whether the value is there, under another name or in a line that cannot be read, as another rule says."""
    file = view.backend
    lines = file.raw.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    unread = any(name in lines[number - 1] for number in file.content.broken if number <= len(lines))
    return unread or file.bad_utf8_line is not None or any(_under_other_names(view, name))


def _waits_for_setup(view: EnvView, name: str) -> bool:
    """Whether a secret is not there yet because set-up writes it: its line is empty, as in a starter file."""
    return view.before_setup or (name not in view.process and view.backend.setting(name) is not None)


def under_its_name(view: EnvView) -> Iterator[Finding]:
    """No key and no signing secret that is needed stands under another name, where nothing reads it."""
    for name, words in _KNOWN_BY_VALUE.items():
        if view.winning(name) is None:
            for setting in _under_other_names(view, name):
                text = f"{setting.name} holds {words}, but nothing reads that name, and {name} is not set."
                yield finding("key.other_name", Severity.CRITICAL, setting.where, text, f"Write it as {name}.")


def _under_other_names(view: EnvView, name: str) -> Iterator[Setting]:
    """The settings of other names whose value has the prefix of what belongs under this one."""
    prefix = _PREFIXES.get(name)
    for setting in view.written() if prefix else ():
        known = setting.name in ALL_KEYS or setting.name.startswith(PUBLIC_PREFIXES)
        if prefix and not known and prefix.match(setting.value.strip()) and not is_placeholder(setting.value):
            yield setting


def _missing(view: EnvView, file: EnvFile, name: str, severity: Severity, why: str, fix: str) -> Finding:
    if name in view.process:
        text = f"{name} is exported with an empty value, which wins over the file. {why}"
        return finding("key.empty", severity, PROCESS, text, f"Unset {name} in the environment. {fix}")
    empty = file.setting(name)
    if empty is not None:
        return finding("key.empty", severity, empty.where, f"{name} has no value. {why}", fix)
    return finding("key.missing", severity, file.name, f"{name} is not set. {why}", fix)


def once(view: EnvView) -> Iterator[Finding]:
    """No name stands twice in a file: dotenv takes the last, other readers the first."""
    for file in view.files:
        first: dict[str, tuple[int, str | None]] = {}
        for binding in file.content.bindings:
            line, value = first.setdefault(binding.name, (binding.line, binding.value))
            if line != binding.line:
                yield _duplicate(file, binding.name, line, binding.line, same=value == binding.value)


def _duplicate(file: EnvFile, name: str, first_line: int, line: int, *, same: bool) -> Finding:
    what = name if name in ALL_KEYS else "A setting"
    text = f"{what} stands here again, after line {first_line}, " + (
        "with the same value." if same else "with another value; dotenv takes the last one, other readers the first."
    )
    severity = Severity.LOW if same else Severity.HIGH
    return finding("key.duplicate", severity, file.at(line), text, f"Keep one of line {first_line} and line {line}.")


def spelled(view: EnvView) -> Iterator[Finding]:
    """No name looks like one of ours with a typing error while that one is not set."""
    for file in view.files:
        for binding in file.content.bindings:
            meant = _meant(binding.name)
            if meant is not None and view.winning(meant) is None and not any(_under_other_names(view, meant)):
                text = f"This name is not known, but looks like {meant}, which is not set."
                fix = f"Write it as {meant}, if that is what is meant."
                yield finding("key.misspelled", Severity.MEDIUM, file.at(binding.line), text, fix)


def _meant(name: str) -> str | None:
    if name in ALL_KEYS:
        return None
    plain = name.upper().replace("-", "_")
    close = difflib.get_close_matches(plain, sorted(ALL_KEYS), n=1, cutoff=_CLOSE_ENOUGH)
    return close[0] if close else None


def overridden(view: EnvView) -> Iterator[Finding]:
    """No exported variable silently replaces another value in a file."""
    for name in sorted(ALL_KEYS & view.process.keys()):
        if name in _NEEDED and not view.process[name]:
            continue  # `needed` says that it is empty, and what that hides
        for file in view.files:
            setting = file.setting(name)
            if setting is not None and setting.value and setting.value != view.process[name]:
                yield _conflict(setting)


def _conflict(setting: Setting) -> Finding:
    severity = Severity.HIGH if setting.name in SECRET_KEYS else Severity.MEDIUM
    if is_placeholder(setting.value):
        severity = Severity.INFO
    text = f"{setting.name} is also exported, with another value; the process environment wins over this line."
    fix = f"Unset {setting.name} in the environment, or take it out of the file, so that one place says it."
    return finding("key.overridden", severity, setting.where, text, fix)
