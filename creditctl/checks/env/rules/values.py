"""Rules about the characters of values: nothing invisible, nothing left to fill in, no quotes, no references."""

from __future__ import annotations

import re
from collections.abc import Iterator

from creditctl.checks.env.model import PATH_KEYS, SECRET_KEYS, EnvView, Setting, finding
from creditctl.checks.env.placeholders import is_placeholder
from creditctl.checks.env.value_patterns import QUOTES, hidden_character, refers
from creditctl.core.findings import Finding, Severity

_WHERE_TO_FIND = {
    "STRIPE_SECRET_KEY": "Copy the secret key from the Dashboard (Developers, API keys); `creditctl demo` needs none.",
    "STRIPE_WEBHOOK_SECRET": "Leave it empty: `creditctl setup` creates the endpoint and writes its secret.",
    "STRIPE_ACCOUNT_ID": "`creditctl env check --online` shows the account's id; or take the line out.",
}


def filled_in(view: EnvView) -> Iterator[Finding]:
    """No value is still the placeholder of an example."""
    for setting in _judged(view):
        if is_placeholder(setting.value):
            severity = Severity.CRITICAL if setting.name == "STRIPE_SECRET_KEY" else Severity.HIGH
            text = f"{setting.name} still holds a placeholder."
            fix = _WHERE_TO_FIND.get(setting.name, "Replace it by the real value.")
            yield finding("value.placeholder", severity, setting.where, text, fix)


def visible(view: EnvView) -> Iterator[Finding]:
    """Every character of a value can be seen and belongs there."""
    for setting in _judged(view):
        # quotes that were typed by a word processor have a rule of their own
        hidden = hidden_character(setting.value.strip(QUOTES))
        if hidden is not None and not is_placeholder(setting.value):
            severity = Severity.CRITICAL if setting.name in SECRET_KEYS else Severity.HIGH
            text = f"{setting.name} holds a character that does not belong there: {hidden}."
            fix = "Type the value again or copy it from the Dashboard; do not copy it from a document or chat."
            if setting.value.startswith("http") and any(
                each.isalpha() and not each.isascii() for each in setting.value
            ):
                fix = "Write the host's name in ASCII (xn--…), as the registrar shows it: Stripe and certificates do."
            yield finding("value.hidden_character", severity, setting.where, text, fix)


def unspaced(view: EnvView) -> Iterator[Finding]:
    """No value has white space in it: a secret with a line end fails exactly like a wrong one."""
    for setting in _judged(view):
        outer, inner = setting.value != setting.value.strip(), re.search(r"\s", _without_list_spaces(setting))
        if outer or inner:
            place = "around" if outer else "inside"
            severity = Severity.CRITICAL if setting.name in SECRET_KEYS else Severity.HIGH
            text = f"There is a space or line end {place} the value of {setting.name}."
            yield finding("value.white_space", severity, setting.where, text, _space_fix(setting, outer=outer))


def _without_list_spaces(setting: Setting) -> str:
    """Spaces after a comma separate the signing secrets of a rotation, and are taken off when they are read."""
    value = setting.value.strip()
    return re.sub(r" *, *", ",", value) if setting.name == "STRIPE_WEBHOOK_SECRET" else value


def _space_fix(setting: Setting, *, outer: bool) -> str:
    if setting.binding is None:
        return f"Export {setting.name} again without it; `$(cat FILE)` drops a line end, `<FILE` does not."
    return "Run `creditctl env check --fix`, which removes it." if outer else "Take it out by hand."


def unquoted(view: EnvView) -> Iterator[Finding]:
    """No quote is part of a value."""
    for setting in _judged(view):
        value = setting.value.strip()
        if value and (value[0] in QUOTES or value[-1] in QUOTES):
            severity = Severity.CRITICAL if setting.name in SECRET_KEYS else Severity.HIGH
            text = f"A quote is part of the value of {setting.name}; nothing takes it off."
            yield finding("value.quotes", severity, setting.where, text, "Write the value without quotes.")


def literal(view: EnvView) -> Iterator[Finding]:
    """No value refers to another variable: creditctl takes `$NAME` as it stands, other readers replace it."""
    for setting in _judged(view):
        if refers(setting.value):
            text = f"{setting.name} refers to another variable; creditctl does not replace it, other readers do."
            yield finding("value.reference", Severity.MEDIUM, setting.where, text, "Write the value itself.")


def leading_somewhere(view: EnvView) -> Iterator[Finding]:
    """Every path leads to a file, or to a folder in which one can be written."""
    for name in PATH_KEYS:
        setting = view.winning(name) if name in view.lost_paths else None
        if setting is not None:
            what = "There is no such file" if name == "CREDITCTL_CATALOG" else "There is no such folder"
            text = f"{what} as {name} names; relative paths start in the folder of the command."
            yield finding("value.path", Severity.HIGH, setting.where, text, "Correct the path, or create the folder.")


def _judged(view: EnvView) -> Iterator[Setting]:
    """The values that count, without paths: a folder may have any name."""
    return (setting for setting in view.all_winning() if setting.name not in PATH_KEYS)
