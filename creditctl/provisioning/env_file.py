"""Env file editing: sets one value atomically; comments, order and line ends of everything else stay."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from creditctl.atomic_file import SYSTEM, FileCalls, check_replaceable, real_path, replace_secret_file

_ROOM_BYTES = 1024
"""More than a line with two signing secrets takes."""


def set_value(text: str, name: str, value: str, remark: str = "") -> str:
    """Sets a value in an env file's text, unquoted; comments, order and line ends stay.

    Shape: every assignment of the name is changed, so that first-wins and last-wins readers agree; a comment behind
           a value moves to a line of its own above, because some readers would take it for a part of the value.
           `remark` becomes a comment above the first of them, unless it stands in the text already.
    """
    from dotenv.parser import parse_stream

    lines: list[str] = []
    found = False
    for binding in parse_stream(StringIO(text, newline="")):
        original = binding.original.string
        if binding.key != name or binding.error:
            lines.append(original)
            continue
        if remark and not found and f"# {remark}" not in text:
            lines.append(f"# {remark}{_line_end(original) or chr(10)}")
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


def write_value(path: Path, name: str, value: str, *, remark: str = "", calls: FileCalls = SYSTEM) -> None:
    """Sets one value in the file behind the path, creating it, private, where there is none.

    Shape:  `remark` becomes a comment above a value that is replaced.
    Errors: OSError or UnicodeDecodeError; the file is then as it was before.
    """
    target = real_path(path)
    replace_secret_file(target, set_value(_text(target), name, value, remark).encode(), calls=calls)


def read_value(path: Path, name: str) -> str | None:
    """The value that a name has in an env file, None where it has none. Errors: OSError or UnicodeDecodeError."""
    from dotenv import dotenv_values

    return dotenv_values(stream=StringIO(_text(real_path(path))), interpolate=False).get(name) or None


def check_writable(path: Path, *, calls: FileCalls = SYSTEM) -> None:
    """Proves that a value could be written, without touching the file. Errors: OSError or UnicodeDecodeError."""
    target = real_path(path)
    check_replaceable(target, room_bytes=len(_text(target).encode()) + _ROOM_BYTES, calls=calls)


def _text(target: Path) -> str:
    return target.read_bytes().decode("utf-8") if target.exists() else ""
