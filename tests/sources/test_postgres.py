"""An import from a real PostgreSQL, which the test starts on a loopback port of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from creditctl.core.errors import Unreachable
from creditctl.ledger.store import Ledger
from creditctl.sources.database import DatabaseSource
from creditctl.sources.importer import Import, Spool
from creditctl.sources.report import ImportReport
from creditctl.sources.row import RowReader
from creditctl.sources.source import ColumnMap
from tests.support.ledger_calls import read
from tests.support.postgresql import PostgresqlServer, running_postgresql

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


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    pytest.importorskip("psycopg", reason="the extra creditctl[import] is not installed")
    with running_postgresql() as running:
        yield running


@pytest.fixture
def table(server: PostgresqlServer) -> Iterator[PostgresqlServer]:
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


def test_a_table_of_postgresql_is_imported_and_later_its_new_rows(table: PostgresqlServer, ledger: Ledger) -> None:
    source = DatabaseSource(table.url, "billing.credit_events", ColumnMap())
    first = run(ledger, source)
    table.execute(FILL, {"first": 5001, "last": 5030})
    second = run(ledger, source)

    assert (first.new, first.bad, first.rows_by_kind) == (5000, 0, {"purchase": 4500, "refund": 500})
    assert (second.new, second.existing) == (30, 5000)
    assert read(ledger).verify().ok
    entry = read(ledger).entries(limit=1)[0]
    assert (entry.created, entry.user_id) == (1_793_514_601, "00000000-0000-0000-0000-000000000001")
    assert entry.idempotency_key == "import:postgres.credit_events:1"
    assert sum(each.credits for each in read(ledger).balances()) == (4527 - 503) * 1000


def test_postgresql_refuses_writes_in_the_transaction_of_a_source(table: PostgresqlServer) -> None:
    source = DatabaseSource(table.url, "billing.credit_events", ColumnMap())

    with pytest.raises(Unreachable, match="read-only transaction"), source._database.reading() as snapshot:
        list(snapshot.rows("SELECT nextval('billing.credit_events_id_seq')"))


def test_rows_are_one_snapshot_and_come_as_a_stream(table: PostgresqlServer) -> None:
    source = DatabaseSource(table.url, "billing.credit_events", ColumnMap())
    rows = source.rows()
    first = next(rows)
    table.execute(FILL, {"first": 5001, "last": 5001})

    rest = sum(1 for _ in rows)

    assert (first[0], rest) == ("id 1", 4999)


def test_a_wrong_password_is_a_sentence_without_the_password(server: PostgresqlServer) -> None:
    with pytest.raises(Unreachable, match="password authentication failed") as caught:
        DatabaseSource(server.url.replace("only", "0nly"), "t", ColumnMap())
    assert "0nly" not in caught.value.message
