"""An import from a real PostgreSQL, which the test starts on a loopback port of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from creditctl.core.errors import Unreachable
from creditctl.ledger.store import Ledger
from creditctl.sources.database import DatabaseSource
from creditctl.sources.importer import Import, Spool
from creditctl.sources.report import ImportReport
from creditctl.sources.row import RowReader
from creditctl.sources.source import ColumnMap
from tests.support.ledger_calls import read
from tests.support.ports import free_port
from tests.support.waiting import patience

PASSWORD = "only for this test"
TABLE = """
CREATE TABLE billing.credit_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created timestamptz NOT NULL,
    user_id uuid NOT NULL,
    kind varchar(20) NOT NULL,
    credits bigint NOT NULL,
    amount numeric(12) NOT NULL,
    currency char(3),
    payment_key text,
    package text,
    livemode boolean NOT NULL
)
"""
FILL = """
INSERT INTO billing.credit_events (created, user_id, kind, credits, amount, currency, payment_key, package, livemode)
SELECT timestamptz '2026-11-01 08:30:00+02' + n * interval '1 second',
       ('00000000-0000-0000-0000-' || lpad((n %% 7)::text, 12, '0'))::uuid,
       CASE WHEN n %% 10 = 0 THEN 'refund' ELSE 'purchase' END,
       CASE WHEN n %% 10 = 0 THEN -1000 ELSE 1000 END,
       CASE WHEN n %% 10 = 0 THEN -1000 ELSE 1000 END,
       'usd', 'pi_' || (CASE WHEN n %% 10 = 0 THEN n - 1 ELSE n END), 'starter', false
FROM generate_series(%(first)s::int, %(last)s::int) AS n
"""


@dataclass(frozen=True)
class Server:
    """A PostgreSQL that runs."""

    port: int

    @property
    def url(self) -> str:
        return f"postgresql://app:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{self.port}/postgres"

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


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A cluster in a folder of its own, with a password, gone afterwards."""
    pytest.importorskip("sqlalchemy", reason="the extra creditctl[import] is not installed")
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
            yield Server(port)
        finally:
            call(pg_ctl, "-D", data, "-w", "-m", "immediate", "stop", prefix=prefix)


@pytest.fixture
def table(server: Server) -> Iterator[Server]:
    """A table of 5,000 rows in a schema of its own."""
    server.execute("CREATE SCHEMA billing")
    server.execute(TABLE)
    server.execute(FILL, {"first": 1, "last": 5000})
    yield server
    server.execute("DROP SCHEMA billing CASCADE")


def run(ledger: Ledger, source: DatabaseSource) -> ImportReport:
    reader = RowReader(source.name, source.row_field, ledger.account, ledger.livemode, {})
    work = Import(ledger, source, reader)
    with Spool(ledger.path.parent) as spool:
        return work.load(spool, work.check(spool))


def test_a_table_of_postgresql_is_imported_and_later_its_new_rows(table: Server, ledger: Ledger) -> None:
    source = DatabaseSource(table.url, "billing.credit_events", ColumnMap())
    first = run(ledger, source)
    table.execute(FILL, {"first": 5001, "last": 5030})
    second = run(ledger, source)
    source.close()

    assert (first.new, first.bad, first.rows_by_kind) == (5000, 0, {"purchase": 4500, "refund": 500})
    assert (second.new, second.existing) == (30, 5000)
    assert read(ledger).verify().ok
    entry = read(ledger).entries(limit=1)[0]
    assert (entry.created, entry.user_id) == (1_793_514_601, "00000000-0000-0000-0000-000000000001")
    assert entry.idempotency_key == "import:postgres.credit_events:1"
    assert sum(each.credits for each in read(ledger).balances()) == (4527 - 503) * 1000


def test_postgresql_refuses_writes_in_the_transaction_of_a_source(table: Server) -> None:
    from sqlalchemy import text

    source = DatabaseSource(table.url, "billing.credit_events", ColumnMap())

    with pytest.raises(Unreachable, match="read-only transaction"), source._reading() as connection:
        connection.execute(text("DELETE FROM billing.credit_events"))
    source.close()


def test_rows_are_one_snapshot_and_come_as_a_stream(table: Server) -> None:
    source = DatabaseSource(table.url, "billing.credit_events", ColumnMap())
    rows = source.rows()
    first = next(rows)
    table.execute(FILL, {"first": 5001, "last": 5001})

    rest = sum(1 for _ in rows)
    source.close()

    assert (first[0], rest) == ("id 1", 4999)


def test_a_wrong_password_is_a_sentence_without_the_password(server: Server) -> None:
    with pytest.raises(Unreachable, match="password authentication failed") as caught:
        DatabaseSource(server.url.replace("only", "0nly"), "t", ColumnMap())
    assert "0nly" not in caught.value.message
