"""A real MariaDB for tests, started on a loopback port of its own, gone afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.ports import free_port
from tests.support.waiting import Deadline, exit_of

START_SECONDS = 30


@dataclass(frozen=True)
class MariadbServer:
    """A MariaDB that runs."""

    port: int

    @property
    def url(self) -> str:
        return f"mysql://root@127.0.0.1:{self.port}/app?charset=utf8mb4"

    def execute(self, statement: str, database: str | None = "app") -> None:
        import pymysql

        connection = pymysql.connect(host="127.0.0.1", port=self.port, user="root", database=database, autocommit=True)
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute(statement)


@contextlib.contextmanager
def running_mariadb() -> Iterator[MariadbServer]:
    """A server in a folder of its own, gone afterwards."""
    pymysql = pytest.importorskip("pymysql", reason="the extra creditctl[import] is not installed")
    program = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("MariaDB is not installed: mariadbd is neither on the path nor in /usr/sbin")
    with tempfile.TemporaryDirectory(prefix="creditctl-mariadb-") as folder:
        port, root = free_port(), os.geteuid() == 0
        if root:
            shutil.chown(folder, "nobody")
        options = ["--no-defaults", f"--datadir={folder}", "--skip-grant-tables", "--bind-address=127.0.0.1"]
        options += [f"--port={port}", f"--socket={folder}/s", f"--pid-file={folder}/pid", *["--user=nobody"] * root]
        with (Path(folder) / "said").open("wb") as said:
            process = subprocess.Popen([program, *options], stdout=said, stderr=said)
        try:
            running = MariadbServer(port)
            _wait(running, process, Path(folder) / "said", pymysql.MySQLError)
            running.execute("CREATE DATABASE app", database=None)
            yield running
        finally:
            process.terminate()
            exit_of(process, 60)


def _wait(server: MariadbServer, process: subprocess.Popen[bytes], said: Path, refused: type[Exception]) -> None:
    deadline = Deadline(START_SECONDS)
    while True:
        try:
            return server.execute("SELECT 1", database=None)
        except refused:
            if process.poll() is not None or deadline.passed:
                pytest.fail(said.read_text(errors="replace")[-2000:])
            time.sleep(0.05)
