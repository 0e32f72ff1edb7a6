"""A schema that is not what this version makes, and pages that disagree with each other, are named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from creditctl.ledger.schema import MIGRATIONS
from creditctl.ledger.store import Ledger
from tests.support.ledger_calls import read, write
from tests.support.ledgers import MakePurchase, OpenLedger

INDEX = "credit_transactions_user"


@contextmanager
def other_tool(path: Path) -> Iterator[sqlite3.Connection]:
    """The file in another program's hands."""
    with closing(sqlite3.connect(path)) as connection:
        yield connection
        connection.commit()


def run(statement: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with other_tool(path) as connection:
            connection.executescript(statement)

    return change


def index_on_an_expression(path: Path) -> None:
    """The index through which balances are read, built on a thousand times the credits; its text is put back."""
    with other_tool(path) as connection:
        (text,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (INDEX,)).fetchone()
        connection.execute(f"DROP INDEX {INDEX}")
        connection.execute(f"CREATE INDEX {INDEX} ON credit_transactions (user_id, id, credits * 1000)")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (text, INDEX))


@pytest.fixture
def full(open_ledger: OpenLedger, purchase: MakePurchase) -> OpenLedger:
    """Opens a ledger of three entries."""
    ledger = open_ledger()
    for number in (1, 2, 3):
        write(ledger).post(purchase(number))
    ledger.close()
    return open_ledger


EDITS = {
    "an index on an expression": (
        run(f"DROP INDEX {INDEX}; CREATE INDEX {INDEX} ON credit_transactions (user_id, id, credits * 1000)"),
        "schema",
        INDEX,
    ),
    "an index that says something else": (index_on_an_expression, "damaged", INDEX),
    "an index that is gone": (run(f"DROP INDEX {INDEX}"), "schema", f"{INDEX} is gone"),
    "another collation": (
        run(f"DROP INDEX {INDEX}; CREATE INDEX {INDEX} ON credit_transactions (user_id COLLATE NOCASE, id, credits)"),
        "schema",
        INDEX,
    ),
    "one index more": (run("CREATE INDEX mine ON facts (amount)"), "schema", "index mine on facts"),
    "one trigger more": (
        run("CREATE TRIGGER mine AFTER INSERT ON facts BEGIN UPDATE findings SET status = 'dismissed'; END"),
        "schema",
        "trigger mine on facts",
    ),
    "a view": (run("CREATE VIEW mine AS SELECT 1"), "schema", "view mine"),
    "a table": (run("CREATE TABLE mine (a)"), "schema", "table mine"),
    "a column": (run("ALTER TABLE runs ADD COLUMN mine TEXT"), "schema", "table runs"),
    "a trigger named as a table is": (
        run("CREATE TRIGGER runs AFTER INSERT ON facts BEGIN SELECT 1; END"),
        "schema",
        "trigger runs on facts",
    ),
    "a generated column": (run("ALTER TABLE facts ADD COLUMN mine INTEGER AS (amount * 2)"), "schema", "table facts"),
    "a CHECK that is gone": (
        run("PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'CHECK (ok IN (0, 1))', '')"),
        "schema",
        "table runs",
    ),
    "STRICT that is gone": (
        run("PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'STRICT', '') WHERE name='runs'"),
        "schema",
        "table runs",
    ),
    "a foreign key that is gone": (
        run(
            "PRAGMA writable_schema = ON; UPDATE sqlite_master SET "
            "sql = replace(sql, 'entry_id INTEGER REFERENCES credit_transactions (id)', 'entry_id INTEGER') "
            "WHERE name = 'findings'"
        ),
        "schema",
        "table findings",
    ),
    "a column among the migrations": (
        run("ALTER TABLE _sqlite_migrations ADD COLUMN mine TEXT"),
        "schema",
        "table _sqlite_migrations",
    ),
    "a migration that never was": (
        run("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('ledger', '0009_mine', 'now')"),
        "schema",
        "rows of _sqlite_migrations",
    ),
    "a trigger that is gone": (run("DROP TRIGGER facts_no_delete"), "protection", "facts_no_delete is gone"),
    "a trigger that does nothing": (
        run("DROP TRIGGER facts_no_delete; CREATE TRIGGER facts_no_delete BEFORE DELETE ON facts BEGIN SELECT 1; END"),
        "protection",
        "facts_no_delete is not the one it was",
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_every_change_of_the_schema_is_one_fault_that_names_it(full: OpenLedger, path: Path, edit: str) -> None:
    change, kind, words = EDITS[edit]
    change(path)
    faults = read(full()).verify().faults
    assert {fault.kind for fault in faults} == {kind}
    assert words in faults[0].message


def test_what_the_planner_keeps_changes_nothing(full: OpenLedger, path: Path) -> None:
    run("ANALYZE")(path)
    assert read(full()).verify().ok


def test_another_spacing_is_no_change(full: OpenLedger, path: Path) -> None:
    with other_tool(path) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = replace(sql, ' ', '  ') WHERE name = ?", (INDEX,))
    assert read(full()).verify().ok


def test_a_ledger_of_the_first_format_gets_the_protection_of_every_table(
    open_ledger: OpenLedger, purchase: MakePurchase
) -> None:
    first = open_ledger(migrations=MIGRATIONS[:1])
    write(first).post(purchase())
    assert read(first).verify().ok
    first.close()
    upgraded = open_ledger()
    assert (read(upgraded).count(), read(upgraded).verify().ok) == (1, True)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_meta SET value = 'acct_2' WHERE key = 'account'",
        "DELETE FROM ledger_meta",
        "DELETE FROM facts",
        "INSERT OR REPLACE INTO facts SELECT object_id, kind, 'pi_2', charge_id, amount, currency, status, counted, "
        "created, observed, recorded, source_event, detail FROM facts",
        "DELETE FROM findings",
        "UPDATE deliveries SET outcome = 'posted'",
        "DELETE FROM deliveries WHERE verified = 1",
        "UPDATE attestations SET person = 'bob'",
        "DELETE FROM attestations",
        "UPDATE runs SET ok = 1",
        "DELETE FROM runs",
    ],
)
def test_rows_that_prove_something_are_neither_changed_nor_deleted(ledger: Ledger, path: Path, statement: str) -> None:
    from creditctl.ledger.models import Delivery
    from tests.support.ledger_calls import FINDING, refund

    with ledger.transaction() as tx:
        tx.keep_fact(refund(300))
        tx.add_finding(FINDING)
        tx.add_delivery(Delivery("posted", "evt_1"))
        tx.attest("item", "ada", "seen")
        tx.add_run("reconcile", 1, 2, False, {})
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
