"""Log of the backend: whole lines on one stream, free of secrets and of anything that could break a line."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable
from typing import TextIO

from creditctl.core.keys import redact

_LEVEL = re.compile(r"(?:DEBUG|INFO|WARNING|ERROR|CRITICAL): ")


def stream_log(stream: TextIO) -> Callable[[str], None]:
    """Builds a log that writes to a stream, safe to call from several threads.

    Shape: each call brings one or several lines; a line without a level is INFO.
    """
    lock = threading.Lock()

    def log(text: str) -> None:
        lines = "".join(clean_line(line) + "\n" for line in text.split("\n") if line)
        # A full disk or a reader that left must not turn a credited payment into an error.
        with lock, contextlib.suppress(OSError, ValueError):
            stream.write(lines)
            stream.flush()

    return log


def level_of(status: int | None) -> str:
    """Log level for an HTTP status; None is a request that got no answer."""
    if status is None or status >= 500:
        return "ERROR"
    return "WARNING" if status >= 400 else "INFO"


def clean_line(line: str) -> str:
    """Formats one line of log: secrets cut down, unprintable characters replaced, its level in front."""
    shown = redact(line)
    if not shown.isprintable():
        shown = "".join(character if character.isprintable() else "?" for character in shown)
    return shown if _LEVEL.match(shown) else f"INFO: {shown}"
