"""Rules about the env files themselves: can they be read, by whom, and does git see them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from creditctl.checks.env.model import SECRET_KEYS, EnvFile, EnvView, finding
from creditctl.checks.env.placeholders import is_placeholder
from creditctl.core.findings import Finding, Severity
from creditctl.core.keys import SECRET_PATTERN
from creditctl.core.modes import Mode

_OTHERS_READ = 0o004
_TEST_KEY = re.compile(r"(?:sk|rk|rkcs|pk)_test_\w")
_LIVE_KEY = re.compile(r"(?:sk|rk)_live_\w")
_OTHERS_WRITE = 0o022
_EVERYBODY = 0o007
_FIX = "Run `creditctl env check --fix`"


def present(view: EnvView) -> Iterator[Finding]:
    """A file that was named, or whose settings come from nowhere else, is there."""
    for file in (view.backend, view.frontend):
        if file.exists:
            continue
        if file.named:
            yield finding("file.missing", Severity.HIGH, file.name, "There is no such file.", "Check the path.")
        elif file is view.backend and "STRIPE_SECRET_KEY" not in view.process:
            fix = "Run `creditctl env init`, which writes a starter file; `creditctl demo` needs none."
            yield finding(
                "file.missing", Severity.HIGH, file.name, "There is no env file, and no key is exported.", fix
            )


def readable(view: EnvView) -> Iterator[Finding]:
    """Every line is text that dotenv understands, with the line ends that every reader understands."""
    for file in view.files:
        if file.bad_utf8_line is not None:
            text, fix = "From here on the file is not UTF-8 text; other readers refuse it.", "Save it as UTF-8."
            yield finding("file.encoding", Severity.CRITICAL, file.at(file.bad_utf8_line), text, fix)
        for line in file.content.broken:
            if file.bad_utf8_line is not None and line >= file.bad_utf8_line:
                break  # what is no text has no lines either
            text = "This line is neither NAME=value nor a comment; dotenv skips it, so its setting is not there."
            fix = "Write it as NAME=value; look for a missing `=` or a quote that is not closed."
            yield finding("file.syntax", Severity.HIGH, file.at(line), text, fix)
        yield from _bytes(file)


def _bytes(file: EnvFile) -> Iterator[Finding]:
    if file.raw.startswith("\ufeff"):
        text = "The file starts with a byte order mark, which other readers take as part of the first name."
        yield finding("file.bom", Severity.MEDIUM, file.at(1), text, f"{_FIX}, which removes it.")
    line = _first_carriage_return(file.raw)
    if line is not None:
        text = "Lines end in CR LF as on Windows; a shell or `docker --env-file` keeps the CR as part of the value."
        yield finding("file.line_ends", Severity.MEDIUM, file.at(line), text, f"{_FIX}, which writes LF.")
    if file.raw and not file.raw.endswith(("\n", "\r")):
        last = file.raw.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
        text = "The last line has no line end; whatever is appended next becomes part of its value."
        yield finding("file.last_line", Severity.LOW, file.at(last), text, f"{_FIX}, which adds it.")


def _first_carriage_return(text: str) -> int | None:
    before, found, _ = text.partition("\r")
    return before.count("\n") + 1 if found else None


def tidy(view: EnvView) -> Iterator[Finding]:
    """Lines mean the same to a shell, to Docker and to dotenv."""
    for file in view.files:
        for binding in file.content.bindings:
            severity = Severity.LOW if binding.name in SECRET_KEYS else Severity.INFO
            if binding.has_stray_space:
                text = (
                    "There is white space before the name, around the `=` or at the end; a shell refuses or keeps it."
                )
                yield finding("file.white_space", Severity.LOW, file.at(binding.line), text, f"{_FIX}.")
            if binding.is_quoted:
                text = (
                    "The value stands in quotes; dotenv takes them off, `docker --env-file` and systemd may keep them."
                )
                yield finding("file.quotes", severity, file.at(binding.line), text, "Write the value without quotes.")
            if binding.has_comment:
                text = "A comment follows the value; dotenv drops it, `docker --env-file` makes it part of the value."
                yield finding("file.comment", severity, file.at(binding.line), text, "Give the comment its own line.")


def private(view: EnvView) -> Iterator[Finding]:
    """Nobody else on the machine reads the backend's file, or writes either of them."""
    for file in view.all_files:
        bits = file.place.permissions
        if bits is None:
            continue
        others = bits & ((_OTHERS_READ if must_be_private(file) else 0) | _OTHERS_WRITE)
        if others:
            what = "change" if others & _OTHERS_WRITE else "read"
            who = "Every user of this machine" if others & _EVERYBODY else "The group of the file"
            severity = Severity.CRITICAL if view.mode is Mode.LIVE else Severity.HIGH
            severity = severity if others & _EVERYBODY else Severity.LOW
            text = f"{who} can {what} the file (mode {bits:04o})."
            fix = f"{_FIX}, or `chmod 600` it." if file in view.files else f"`chmod 600 {file.name}`."
            yield finding("file.mode", severity, file.name, text, fix)


def out_of_git(view: EnvView) -> Iterator[Finding]:
    """No file with secrets is in git or can slip into it."""
    for file in view.all_files:
        if file in view.others and not must_be_private(file):
            continue  # public settings of a build, such as NEXT_PUBLIC_ ones, are meant to be committed
        place = file.place
        if place.tracked:
            fix = f"`git rm --cached {file.name}`, add it to .gitignore, commit; roll its keys if it was ever pushed."
            severity = Severity.CRITICAL if must_be_private(file) else Severity.MEDIUM
            yield finding("git.tracked", severity, file.name, "The file is tracked by git.", fix)
        elif place.ignored is False:
            severity = Severity.HIGH if must_be_private(file) else Severity.MEDIUM
            text = "Git does not ignore the file; `git add .` would commit it."
            yield finding("git.not_ignored", severity, file.name, text, f"Add a line `{file.name}` to .gitignore.")
        elif place.git_unclear:
            text = f"Whether git tracks the file could not be found out: {place.git_unclear}."
            yield finding("git.unclear", Severity.INFO, file.name, text, "Run it where git works on this folder.")
    yield from _leaked(view)


def _leaked(view: EnvView) -> Iterator[Finding]:
    """Keys and signing secrets in tracked files, but for the env files whose being tracked was said already."""
    said = {file.name for file in view.all_files if file.place.tracked}
    for leak in view.leaks:
        if leak.where.rpartition(":")[0] in said:
            continue
        fix = "Roll the key in the Dashboard now, then take it out of the file; history keeps it."
        if leak.livemode is None:
            text = "A file tracked by git holds a webhook signing secret: whoever reads it can sign deliveries."
            fix = "`creditctl webhooks rotate` replaces it; then take it out of the file, for history keeps it."
            yield finding("git.signing_secret", Severity.MEDIUM, leak.where, text, fix)
        elif leak.livemode:
            text = "A file tracked by git holds a live key."
            yield finding("git.live_key", Severity.CRITICAL, leak.where, text, fix)
        else:
            text = "A file tracked by git holds a test key."
            yield finding("git.test_key", Severity.MEDIUM, leak.where, text, fix)


def of_one_mode(view: EnvView) -> Iterator[Finding]:
    """No file for production holds a test key, and no file for anything else a live one."""
    for file in view.others:
        production = re.search(r"\.prod(uction)?(\.|\Z)", file.name) is not None
        pattern, kind = (_TEST_KEY, "test") if production else (_LIVE_KEY, "live")
        for binding in file.content.bindings:
            if binding.value and pattern.match(binding.value.strip()) and not is_placeholder(binding.value):
                place = "for production" if production else "not for production"
                text = f"{binding.name} is a {kind} key, in a file that is {place}."
                fix = "Write the key of the mode that the file is for, or rename the file."
                yield finding("stripe_key.file", Severity.HIGH, file.at(binding.line), text, fix)


def must_be_private(file: EnvFile) -> bool:
    """Whether nobody else may read a file: the backend's always, any other one when a secret is in it."""
    if file.is_backend:
        return True
    values = (binding.value or "" for binding in file.content.bindings)
    return SECRET_PATTERN.search(file.raw) is not None or any(SECRET_PATTERN.search(value) for value in values)
