"""Senders end within their limit whatever the receiver does, and say what came of it without the URL."""

from __future__ import annotations

import contextlib
import shlex
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from creditctl.ledger.models import AlertOutcome
from creditctl.reconciliation.alerts.senders import SendResult, needs_shell, to_command, to_webhook
from tests.support.waiting import Deadline, patience

LIMIT_SECONDS = 0.5


@contextmanager
def answering(status: int) -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A receiver that answers one status, and keeps content types and bodies."""
    bodies: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            bodies.append((self.headers["Content-Type"], self.rfile.read(length)))
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:9/")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/services/hookpathsecret", bodies
        server.shutdown()


def post(url: str) -> SendResult:
    send = to_webhook(lambda: httpx.Client(timeout=patience(10), trust_env=False), url, patience(20))
    return send('{"text": "ä"}')


def test_what_is_taken_is_sent() -> None:
    with answering(200) as (url, bodies):
        assert post(url) == SendResult(AlertOutcome.SENT)
    assert bodies == [("application/json", '{"text": "ä"}'.encode())]


@pytest.mark.parametrize(("status", "passing"), [(404, False), (410, False), (302, False), (429, True), (503, True)])
def test_what_is_refused_says_how(status: int, passing: bool) -> None:
    with answering(status) as (url, bodies):
        assert post(url) == SendResult(AlertOutcome.REFUSED, f"it answered {status}", passing)
    assert len(bodies) == 1, "no redirect is followed"


def test_nobody_there_is_certainly_not_told() -> None:
    result = post("http://127.0.0.1:9/services/hookpathsecret")
    assert (result.outcome, result.passing) == (AlertOutcome.REFUSED, True)
    assert "hookpathsecret" not in result.reason


@pytest.mark.parametrize("drip", [False, True], ids=["silent", "one byte at a time"])
def test_a_receiver_that_hangs_is_left_after_the_limit(drip: bool) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    left = threading.Event()

    def hang() -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(ConnectionError):  # the sender may have left a moment ago
            while not left.wait(0.05):
                connection.sendall(b"H" if drip else b"")

    threading.Thread(target=hang, daemon=True).start()
    send = to_webhook(
        lambda: httpx.Client(timeout=patience(60), trust_env=False),
        f"http://127.0.0.1:{listener.getsockname()[1]}/",
        LIMIT_SECONDS,
    )
    deadline = Deadline(20)
    result = send("{}")
    left.set()
    listener.close()
    assert result == SendResult(AlertOutcome.UNCONFIRMED, "no answer within 0.5 s")
    assert not deadline.passed


def python(code: str) -> str:
    return shlex.join((sys.executable, "-c", code))


def test_a_command_gets_the_document_on_its_standard_input(tmp_path: Path) -> None:
    send = to_command(python("import sys; open('got', 'w').write(sys.stdin.read())"), tmp_path)
    assert send('{"text": "x"}') == SendResult(AlertOutcome.SENT)
    assert (tmp_path / "got").read_text() == '{"text": "x"}\n'


def test_no_shell_reads_a_command(tmp_path: Path) -> None:
    to_command("touch one; touch two", tmp_path)("{}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one;", "touch", "two"]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (python("raise SystemExit(3)"), "the command ended with 3"),
        (python("import os; os.kill(os.getpid(), 9)"), "the command was killed by signal 9"),
        ("no-such-program-at-all", "the command cannot be run: no such file or directory"),
        ("'unfinished", "the command cannot be run: a quotation mark in it is not closed"),
        ("", "the command cannot be run: it is empty"),
    ],
)
def test_a_command_that_does_not_take_it_is_refused(tmp_path: Path, command: str, reason: str) -> None:
    assert to_command(command, tmp_path)("{}") == SendResult(AlertOutcome.REFUSED, reason)


@pytest.mark.parametrize(
    ("command", "sign"),
    [
        ("cat > inbox", ">"),
        ("cat >>inbox", ">>"),
        ("tee inbox | mail root", "|"),
        ("touch one; touch two", ";"),
        ("notify && touch told", "&&"),
        ("notify 2>/dev/null", ">"),
        ("sh -c 'cat > inbox; touch told'", None),
        ("curl https://example.com/?a=1&b=2", None),
        ("mail -s 'a | b' <root@example.com>", None),
        ("it's", None),
    ],
)
def test_what_only_a_shell_understands_is_named(command: str, sign: str | None) -> None:
    assert needs_shell(command) == sign


def test_a_command_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    started = "import subprocess, sys, time; subprocess.Popen(['sleep', '600']); time.sleep(600)"
    deadline = Deadline(20)
    result = to_command(python(started), tmp_path, LIMIT_SECONDS)("{}" * 100_000)
    assert result.outcome is AlertOutcome.UNCONFIRMED
    assert not deadline.passed
