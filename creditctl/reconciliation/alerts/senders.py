"""Alert senders: to a webhook URL, or into a command; within a time limit, and with no word of the secret URL."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from creditctl.ledger.models import AlertOutcome

if TYPE_CHECKING:
    import httpx

LIMIT_SECONDS = 10.0
"""How long a receiver may take: a run of cron never waits longer for it."""

_PASSING = frozenset((408, 425, 429, 500, 502, 503, 504))
"""Answers that may be others a moment later. Source: RFC 9110, section 15; RFC 6585, section 4."""

_OPERATOR = re.compile(r"\d?(<<?|>>?|>\||[<>]&|&>)[^\s>]*|\|\|?|&&?|;\S*")
_SIGN = re.compile(r"[<>|&]+|;")
_ENDS_COMMAND = re.compile(r"[^'\"\\]+(;)")


@dataclass(frozen=True, slots=True)
class SendResult:
    """What came of sending. Shape: `reason` is for a person; `passing` says that a second try may help."""

    outcome: AlertOutcome
    reason: str = ""
    passing: bool = False


Send = Callable[[str], SendResult]
"""Sends one document, JSON as text."""


def to_webhook(open_client: Callable[[], httpx.Client], url: str, limit_seconds: float = LIMIT_SECONDS) -> Send:
    """Sender that POSTs to a URL. Shape: redirects are not followed, and no reason shows the URL."""
    return lambda body: _within(limit_seconds, lambda: _post(open_client, url, body))


def _post(open_client: Callable[[], httpx.Client], url: str, body: str) -> SendResult:
    import httpx

    try:
        with (
            open_client() as http,
            http.stream("POST", url, content=body.encode(), headers={"Content-Type": "application/json"}) as answer,
        ):
            status = answer.status_code
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        return SendResult(AlertOutcome.REFUSED, f"it cannot be reached ({type(error).__name__})", passing=True)
    except httpx.InvalidURL:
        return SendResult(AlertOutcome.REFUSED, "its URL is none")
    except httpx.HTTPError as error:
        return SendResult(AlertOutcome.UNCONFIRMED, f"it gave no answer ({type(error).__name__})")
    if 200 <= status < 300:
        return SendResult(AlertOutcome.SENT)
    return SendResult(AlertOutcome.REFUSED, f"it answered {status}", passing=status in _PASSING)


def _within(limit_seconds: float, work: Callable[[], SendResult]) -> SendResult:
    """The result of work, or that there is none in time: one byte a second keeps every timeout of a client away."""
    results: list[SendResult] = []
    thread = threading.Thread(target=lambda: results.append(work()), daemon=True)
    thread.start()
    thread.join(limit_seconds)
    return results[0] if results else SendResult(AlertOutcome.UNCONFIRMED, f"no answer within {limit_seconds:g} s")


def to_command(command: str, folder: Path, limit_seconds: float = LIMIT_SECONDS) -> Send:
    """Sender that hands the document to a command's standard input; it is run without a shell, its output dropped."""
    return lambda body: _run(command, folder, body, limit_seconds)


def needs_shell(command: str) -> str | None:
    """The first sign in a command that only a shell acts on: a redirection, pipe or list; quoted ones are plain text.

    Shape: the sign alone, since what stands beside it may be a secret.
    Source: POSIX.1-2017, Shell Command Language, 2.10.2, control and redirection operators.
    """
    lexer = shlex.shlex(command, posix=False)
    lexer.whitespace_split, lexer.commenters = True, ""
    with suppress(ValueError):  # quotes that do not end: it cannot be run either way
        return next(filter(None, map(_shell_sign, lexer)), None)
    return None


def _shell_sign(word: str) -> str | None:
    if ends := _ENDS_COMMAND.fullmatch(word):
        return ends[1]
    operator = _OPERATOR.fullmatch(word) and _SIGN.search(word)
    return operator[0] if operator else None


def _run(command: str, folder: Path, body: str, limit_seconds: float) -> SendResult:
    quiet = subprocess.DEVNULL
    try:
        words = shlex.split(command)
        process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, cwd=folder, start_new_session=True
        )
    except (OSError, ValueError, IndexError) as error:
        return SendResult(AlertOutcome.REFUSED, f"the command cannot be run: {_why(error)}")
    try:
        process.communicate(f"{body}\n".encode(), timeout=limit_seconds)
    except subprocess.TimeoutExpired:
        _kill(process)
        return SendResult(AlertOutcome.UNCONFIRMED, f"the command did not end within {limit_seconds:g} s")
    if process.returncode == 0:
        return SendResult(AlertOutcome.SENT)
    killed = process.returncode < 0
    end = f"was killed by signal {-process.returncode}" if killed else f"ended with {process.returncode}"
    return SendResult(AlertOutcome.REFUSED, f"the command {end}")


def _why(error: Exception) -> str:
    """Shape: no word of the command, in which a secret may stand."""
    if isinstance(error, OSError):
        return (error.strerror or type(error).__name__).lower()
    return "it is empty" if isinstance(error, IndexError) else "a quotation mark in it is not closed"


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends the command with all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
