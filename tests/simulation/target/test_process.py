"""Process of a backend under test: an interrupted start that is begun again leaves nobody behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from creditctl.simulation.target.process import BackendProcess
from tests.support.waiting import patience, wait_until

KILLED = """
import os, signal, time, httpx
from pathlib import Path
from creditctl.simulation.target.process import BackendProcess
http = httpx.Client(transport=httpx.MockTransport(lambda _request: httpx.Response(200)))
here = Path(".").resolve()
command = "sleep 60 & echo $! > pids.new; mv pids.new pids; wait"
place = ("http://x/", os.environ, here, here / "log")
BackendProcess(command, command, *place, http, time.monotonic, time.sleep).restart()
while not Path("pids").exists():
    time.sleep(0.01)
os.kill(os.getpid(), signal.SIGKILL)
"""


def runs(pid: int) -> bool:
    """Whether a process is there, and not dead and unburied."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_backend_and_its_children_end_with_whoever_is_killed(tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    killed = subprocess.run([sys.executable, "-c", KILLED], cwd=tmp_path, env=environ, timeout=patience(60))
    child = int((tmp_path / "pids").read_text())

    assert killed.returncode == -signal.SIGKILL
    wait_until(lambda: not runs(child), 10)


def test_a_start_that_was_interrupted_and_begun_again_leaves_one_child_and_none_after_the_end(tmp_path: Path) -> None:
    command = f"echo $$ >> {tmp_path}/pids; exec sleep 60"
    http = httpx.Client(transport=httpx.MockTransport(lambda _request: httpx.Response(200)))
    process = BackendProcess(
        command, command, "http://backend/up", os.environ, tmp_path, tmp_path / "log", http, time.monotonic, time.sleep
    )
    process.restart()
    while not (tmp_path / "pids").exists() or not (tmp_path / "pids").read_text():
        time.sleep(0.01)
    process.restart()
    first = int((tmp_path / "pids").read_text().split()[0])

    assert not Path(f"/proc/{first}").exists()
    process.stop()
    assert not [pid for pid in (tmp_path / "pids").read_text().split() if Path(f"/proc/{pid}").exists()]
