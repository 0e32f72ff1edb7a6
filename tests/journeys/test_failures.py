"""What goes wrong on an ordinary day, through the real program: a sentence, a next step, the exit code."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.keys import TEST_KEY
from tests.support.ports import free_port
from tests.support.waiting import Deadline, finish, run_process

SECRET = "whsec_" + "a" * 32


def creditctl(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    base = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C"}
    return run_process([sys.executable, "-m", "creditctl", *arguments], 60, cwd=folder, env={**base, **environ})


NEEDS_KEY = [["setup", "--dry-run"], ["reconcile"], ["serve", "--port", "0"]]


@pytest.mark.parametrize("arguments", NEEDS_KEY, ids=lambda arguments: arguments[0])
class TestCommandsThatNeedStripe:
    def test_a_missing_key_is_named_with_where_to_write_it(self, tmp_path: Path, arguments: list[str]) -> None:
        done = creditctl(tmp_path, *arguments)

        assert done.returncode == 3
        assert "STRIPE_SECRET_KEY is not set" in done.stderr
        assert ".env" in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_malformed_key_is_refused_without_being_shown(self, tmp_path: Path, arguments: list[str]) -> None:
        done = creditctl(tmp_path, *arguments, STRIPE_SECRET_KEY="sk-test-not-a-real-one")

        assert done.returncode == 3
        assert "STRIPE_SECRET_KEY" in done.stderr
        assert "not-a-real-one" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr

    def test_a_foreign_api_base_gets_no_key(self, tmp_path: Path, arguments: list[str]) -> None:
        done = creditctl(tmp_path, *arguments, STRIPE_SECRET_KEY=TEST_KEY, STRIPE_API_BASE="https://stripe.example.com")

        assert done.returncode == 3
        assert "loopback" in done.stderr

    def test_an_unreachable_stripe_is_exit_5(self, tmp_path: Path, arguments: list[str]) -> None:
        environ = {
            "STRIPE_SECRET_KEY": TEST_KEY,
            "STRIPE_API_BASE": f"http://127.0.0.1:{free_port()}",
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "FRONTEND_URL": "http://127.0.0.1:3000",
        }
        done = creditctl(tmp_path, *arguments, "--json", **environ)

        assert done.returncode == 5, done.stderr
        document = json.loads(done.stdout)
        assert (document["ok"], document["mode"]) == (False, "emulator")
        assert document["error"]["type"] == "unreachable"
        assert document["error"]["fix"]
        assert TEST_KEY not in done.stdout + done.stderr

    def test_another_mode_than_expected_is_refused(self, tmp_path: Path, arguments: list[str]) -> None:
        done = creditctl(tmp_path, *arguments, "--mode", "live", STRIPE_SECRET_KEY=TEST_KEY)

        assert done.returncode == 3
        assert "test mode, but --mode live" in done.stderr


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("command", ["emulator", "serve"])
def test_a_port_in_use_is_a_sentence(tmp_path: Path, taken_port: int, command: str) -> None:
    environ = {
        "STRIPE_SECRET_KEY": TEST_KEY,
        "STRIPE_API_BASE": f"http://127.0.0.1:{free_port()}",
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "FRONTEND_URL": "http://127.0.0.1:3000",
    }
    done = creditctl(tmp_path, command, "--port", str(taken_port), **environ)

    assert done.returncode == 3
    assert f"{taken_port}" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [["demo", "--keep", "file/inside"], ["emulator", "--port", "0", "--state", "file/state.db"]]
)
def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "file").write_text("a file, where a folder is needed")

    done = creditctl(tmp_path, *arguments)

    assert done.returncode == 3, done.stderr
    assert "file" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_emulator_stops_quietly(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "creditctl", "emulator", "--port", "0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "ready at http://127.0.0.1:" in process.stdout.readline()
    soon = Deadline(10)
    process.send_signal(number)
    out, err = finish(process, 20)

    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert not soon.passed
