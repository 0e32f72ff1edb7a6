"""A real PostgreSQL for tests, started on a loopback port of its own, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.ports import free_port
from tests.support.waiting import patience

PASSWORD = "only for this test"


@dataclass(frozen=True)
class PostgresqlServer:
    """A PostgreSQL that runs."""

    port: int

    @property
    def url(self) -> str:
        return f"postgresql://app:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{self.port}/postgres"

    def url_of(self, user: str, password: str, database: str = "postgres") -> str:
        """The URL with which another user enters."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, values: dict[str, Any] | None = None) -> None:
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement, values)


def program(name: str) -> str | None:
    """A program of PostgreSQL: on the path, or where Debian puts it."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or next((str(place) for place in places), None)


def other_user() -> list[str]:
    """What stands before a command so that it runs as somebody else than root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        return []
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = "postgres" if "postgres" in names else "nobody"
    return ["setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups"]


def call(*command: str, prefix: Sequence[str]) -> None:
    """Runs a command, and shows what it said if it failed. Its output goes to a file: a daemon would keep a pipe."""
    with tempfile.TemporaryFile() as said:
        done = subprocess.run([*prefix, *command], stdout=said, stderr=said, cwd="/", check=False, timeout=patience(60))
        said.seek(0)
        assert done.returncode == 0, said.read().decode(errors="replace")


@contextmanager
def running_postgresql() -> Iterator[PostgresqlServer]:
    """A cluster in a folder of its own, with a password, gone afterwards."""
    pytest.importorskip("psycopg", reason="the extra creditctl[import] is not installed")
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    if initdb is None or pg_ctl is None:
        pytest.skip("PostgreSQL is not installed: initdb and pg_ctl are neither on the path nor in /usr/lib/postgresql")
    prefix = other_user()
    # Not in tmp_path: pytest's folders may only be entered by the user who runs the tests.
    with tempfile.TemporaryDirectory(prefix="creditctl-postgres-") as folder:
        home, port = Path(folder), free_port()
        secret = home / "password"
        secret.write_text(PASSWORD)
        if prefix:
            for path in (home, secret):
                shutil.chown(path, prefix[1].partition("=")[2])
        data = str(home / "data")
        call(initdb, "-D", data, "-U", "app", "--no-sync", "-E", "UTF8", "--locale=C", "-A", "scram-sha-256",
             f"--pwfile={secret}", prefix=prefix)  # fmt: skip
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' -c fsync=off"
        call(
            pg_ctl,
            "-D",
            data,
            "-w",
            "-t",
            f"{patience(60):.0f}",
            "-l",
            str(home / "log"),
            "-o",
            options,
            "start",
            prefix=prefix,
        )
        try:
            yield PostgresqlServer(port)
        finally:
            call(pg_ctl, "-D", data, "-w", "-m", "immediate", "stop", prefix=prefix)
