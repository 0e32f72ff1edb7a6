"""An import from a real MariaDB, which the test starts on a loopback port of its own."""

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
from tests.support.mariadb import MariadbServer, running_mariadb

TABLE = """
CREATE TABLE `order` (
    `key` BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, created DATETIME(3) NOT NULL, user_id INT NOT NULL,
    kind ENUM('purchase', 'refund') NOT NULL, credits INT NOT NULL, amount DECIMAL(12, 0) NOT NULL, currency CHAR(3),
    payment_key VARCHAR(255), livemode TINYINT(1) NOT NULL, note TEXT CHARACTER SET utf8mb4
) ENGINE=InnoDB
"""
FILL = """
INSERT INTO `order` (created, user_id, kind, credits, amount, currency, payment_key, livemode, note)
SELECT '2026-11-01 08:30:00.750', seq MOD 7, 'purchase', 1000, 1000, 'usd', CONCAT('pi_', seq), 0, 'Köln'
FROM seq_{first}_to_{last}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[MariadbServer]:
    pytest.importorskip("pymysql", reason="the extra creditctl[import] is not installed")
    with running_mariadb() as running:
        yield running


@pytest.fixture
def table(server: MariadbServer) -> Iterator[MariadbServer]:
    """A table of 5,000 rows whose names are words of SQL."""
    server.execute(TABLE)
    server.execute(FILL.format(first=1, last=5000))
    yield server
    server.execute("DROP TABLE `order`")


COLUMNS = ColumnMap.parse(["id=key"])


def run(ledger: Ledger, source: DatabaseSource) -> ImportReport:
    reader = RowReader(source.name, source.row_field, ledger.account, ledger.livemode, {})
    work = Import(ledger, source, reader)
    with Spool(ledger.path.parent) as spool:
        return work.load(spool, work.check(spool))


def test_a_table_of_mariadb_is_imported_and_later_its_new_rows(table: MariadbServer, ledger: Ledger) -> None:
    source = DatabaseSource(table.url, "order", COLUMNS)
    first = run(ledger, source)
    table.execute(FILL.format(first=5001, last=5030))
    second = run(ledger, source)

    assert (first.new, first.bad, second.new, second.existing) == (5000, 0, 30, 5000)
    entry = read(ledger).entries(limit=1)[0]
    assert (entry.created, entry.user_id, entry.amount, entry.note) == (1_793_521_800, "1", 1000, "Köln")
    assert entry.idempotency_key == "import:app.order:1"
    assert read(ledger).verify().ok


def test_mariadb_refuses_writes_in_the_transaction_of_a_source(table: MariadbServer) -> None:
    source = DatabaseSource(table.url, "order", COLUMNS)

    with pytest.raises(Unreachable, match="READ ONLY transaction"), source._database.reading() as snapshot:
        list(snapshot.rows("DELETE FROM `order`"))


def test_rows_are_one_snapshot(table: MariadbServer) -> None:
    source = DatabaseSource(table.url, "order", COLUMNS)
    rows = source.rows()
    first = next(rows)
    table.execute(FILL.format(first=5001, last=5001))

    rest = sum(1 for _ in rows)

    assert (first[0], rest) == ("key 1", 4999)
