"""Writes one setting into an env file: everything else keeps its place, and no crash leaves half a file."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from io import StringIO
from pathlib import Path

_FILE_MODE = 0o600


def set_value(text: str, name: str, value: str) -> str:
    """The text with the setting at its new value, unquoted; comments, order and line ends stay.

    Shape: every assignment of the name is changed, so that first-wins and last-wins readers agree; a comment behind
           a value moves to a line of its own above, because some readers would take it for a part of the value.
    """
    from dotenv.parser import parse_stream

    lines: list[str] = []
    found = False
    for binding in parse_stream(StringIO(text, newline="")):
        original = binding.original.string
        if binding.key != name or binding.error:
            lines.append(original)
            continue
        found = True
        lines.append(_assignment(original, name, value))
    return "".join(lines) if found else _appended("".join(lines), f"{name}={value}")


def _assignment(original: str, name: str, value: str) -> str:
    before = original[: original.index(name)]
    indent = before[: len(before) - len(before.lstrip(" \t\r\n\ufeff"))]
    export = "export " if before.strip().startswith("export") else ""
    end = _line_end(original)
    return f"{indent}{_comment(original, end)}{export}{name}={value}{end}"


def _comment(original: str, end: str) -> str:
    """The comment behind an unquoted or quoted value, as a line of its own; empty where there is none."""
    last = original.rstrip("\r\n").rsplit("\n", 1)[-1]
    quoted = max(last.rfind('"'), last.rfind("'"))
    mark = last.find(" #", quoted + 1)
    return f"{last[mark + 1 :]}{end or chr(10)}" if mark >= 0 else ""


def _line_end(text: str) -> str:
    if text.endswith("\r\n"):
        return "\r\n"
    return "\n" if text.endswith("\n") else ""


def _appended(text: str, line: str) -> str:
    end = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text or text.endswith(("\n", "\r")) else end
    return f"{text}{gap}{line}{end}"


def write_value(path: Path, name: str, value: str) -> None:
    """Sets one value in the file behind the path, creating it where there is none.

    Errors: OSError; the file is then as it was before.
    """
    target = Path(os.path.realpath(path))
    text = target.read_bytes().decode("utf-8") if target.exists() else ""
    replace_file(target, set_value(text, name, value).encode())


def replace_file(target: Path, content: bytes) -> None:
    """Replaces a file at once: written beside it, on the disk, mode 0600, then renamed. Errors: OSError."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(stream.fileno(), _FILE_MODE)
            _keep_owner(stream.fileno(), target)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(target.parent)


def _keep_owner(descriptor: int, target: Path) -> None:
    """A file that root rewrites still belongs to the application that reads it."""
    with suppress(OSError):
        status = target.stat()
        os.fchown(descriptor, status.st_uid, status.st_gid)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_writable(path: Path) -> None:
    """Proves that the file could be replaced, without touching it. Errors: OSError or UnicodeDecodeError."""
    target = Path(os.path.realpath(path))
    if target.exists():
        target.read_bytes().decode("utf-8")
        with target.open("ab"):
            pass
    descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    os.close(descriptor)
    os.unlink(temporary)
