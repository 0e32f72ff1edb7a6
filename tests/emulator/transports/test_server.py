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

FEW_DESCRIPTORS = """
import resource, socket, sys, time, http.client
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
with EmulatorServer(Emulator()) as server:
    few = len(__import__("os").listdir("/proc/self/fd")) + 20
    clients = [socket.socket() for _ in range(18)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (few, few))
    for client in clients:
        client.connect(("127.0.0.1", server.port))
    time.sleep(2.5)
    for client in clients:
        client.close()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=float(sys.argv[1]))
    connection.request("GET", "/_emulator")
    print(connection.getresponse().status)
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


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts its descriptors in /proc")
def test_without_descriptors_connections_wait_and_one_line_says_so() -> None:
    """asyncio itself writes a traceback for each place of the backlog, every second."""
    command = [sys.executable, "-c", FEW_DESCRIPTORS, str(patience(20))]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=patience(60), check=True)
    assert ended.stdout == "200\n"
    assert ended.stderr.splitlines() == [
        "New connections wait: Too many open files. Close what is not needed, or raise `ulimit -n`."
    ]
