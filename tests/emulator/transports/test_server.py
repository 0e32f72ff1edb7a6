"""The loopback server itself: ports, stopping, durability."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
from tests.support.keys import TEST_KEY
from tests.support.waiting import Deadline, patience

SERVE = """
import sys
from pathlib import Path
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import serve
serve(Emulator(state=Path(sys.argv[1])), "127.0.0.1", 0, lambda url: print(url, flush=True))
"""


def call(port: int, method: str, path: str, body: str | None = None) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience(10))
    try:
        connection.request(method, path, body, {"Authorization": f"Bearer {TEST_KEY}"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_a_taken_port_is_an_os_error() -> None:
    emulator = Emulator()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            EmulatorServer(emulator, port=taken.getsockname()[1])
    emulator.close()


def test_it_starts_answers_and_stops() -> None:
    emulator = Emulator()
    with EmulatorServer(emulator) as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        status, body = call(server.port, "GET", "/_emulator")
        assert (status, body["emulator"]) == (200, "creditctl")
        assert call(server.port, "POST", "/v1/products", "name=A")[0] == 200
    with pytest.raises(OSError, match="refused"):
        call(server.port, "GET", "/_emulator")
    emulator.close()


def started(path: Path) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline().rsplit(":", 1)[1])


def test_it_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    process, port = started(path)
    made = [call(port, "POST", "/v1/products", f"name=P{n}")[1]["id"] for n in range(5)]
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    process, port = started(path)
    listed = call(port, "GET", "/v1/products")[1]["data"]
    assert isinstance(listed, list)
    assert [product["id"] for product in listed] == made[::-1]
    process.terminate()
    deadline = Deadline(10)
    while process.poll() is None and not deadline.passed:
        time.sleep(0.01)
    assert process.poll() is not None
    process.communicate()
