"""Process of a backend under test: an interrupted start that is begun again leaves nobody behind."""

from __future__ import annotations

import os
import time
from pathlib import Path

import httpx

from creditctl.simulation.target.process import BackendProcess


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
