"""A reading is one snapshot, hinders no writer, and never becomes a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest

from creditctl.core.entitlement.settlement import EntryDraft
from creditctl.core.errors import LedgerError
from creditctl.core.findings import Finding, Severity
from creditctl.ledger.store import Ledger
from tests.support.ledger_calls import read, write

Make = Callable[..., EntryDraft]
Open = Callable[..., Ledger]
FINDING = Finding("fulfilment.owner_missing", Severity.HIGH, "pi_1", "No owner.", "`resolve {id}`")


def test_all_answers_of_a_reading_are_of_one_moment(ledger: Ledger, open_ledger: Open, purchase: Make) -> None:
    write(ledger).post(purchase(1))
    other = open_ledger()
    with ledger.reading() as view:
        assert view.count() == 1
        write(other).post(purchase(2))
        write(other).add_finding(FINDING)
        assert (view.count(), view.balance("user2"), view.findings(), view.verify().head.count) == (1, 0, [], 1)
    assert (read(ledger).count(), read(ledger).balance("user2"), len(read(ledger).findings())) == (2, 1000, 1)


def test_a_writer_waits_for_no_reading(ledger: Ledger, open_ledger: Open, purchase: Make) -> None:
    other = open_ledger(busy_timeout_seconds=0)
    with ledger.reading() as view:
        assert view.entries() == []
        for number in range(1, 4):
            write(other).post(purchase(number))
        other.backup(other.path.with_name("copy.db"))
    assert read(other).count() == 3


def test_a_reading_waits_for_no_writer(ledger: Ledger, open_ledger: Open, purchase: Make) -> None:
    other = open_ledger(busy_timeout_seconds=0)
    with ledger.transaction() as tx:
        tx.post(purchase())
        assert read(other).count() == 0
    assert read(other).count() == 1


def test_a_transaction_answers_the_same_questions_its_own_writes_included(ledger: Ledger, purchase: Make) -> None:
    with ledger.transaction() as tx:
        entry = tx.post(purchase()).entry
        assert (tx.count(), tx.balance("user1"), tx.purchase_of("pi_1"), tx.verify().ok) == (1, 1000, entry, True)
        with ledger.reading() as view:
            assert view.entries() == [entry]
        tx.add_finding(FINDING)
    assert read(ledger).count() == 1
    assert len(read(ledger).findings()) == 1


def test_a_reading_never_becomes_a_transaction(ledger: Ledger, purchase: Make) -> None:
    with ledger.reading() as view:
        assert view.count() == 0
        with pytest.raises(LedgerError) as caught:
            write(ledger).post(purchase())
        assert view.count() == 0
    assert caught.value.code == "ledger.nested_transaction"
    write(ledger).post(purchase())
    assert read(ledger).count() == 1


def test_a_reading_inside_a_reading_is_part_of_it(ledger: Ledger, open_ledger: Open, purchase: Make) -> None:
    with ledger.reading() as view:
        assert view.count() == 0
        write(open_ledger()).post(purchase())
        with ledger.reading() as inner:
            assert inner.count() == 0
        assert view.count() == 0
    assert read(ledger).count() == 1


def test_nothing_that_is_written_through_a_reading_stays(ledger: Ledger) -> None:
    with ledger.reading() as view:
        view.connection.execute("INSERT INTO runs (kind, started, finished, ok, report) VALUES ('x', 1, 1, 1, '{}')")
    assert read(ledger).runs() == []


def test_an_error_inside_a_reading_ends_it(ledger: Ledger, purchase: Make) -> None:
    with pytest.raises(LedgerError), ledger.reading() as view:
        view.connection.execute("SELECT nothing FROM nowhere")
    with pytest.raises(ValueError, match="mine"), ledger.reading():
        raise ValueError("mine")
    write(ledger).post(purchase())
    assert read(ledger).count() == 1


def test_an_export_that_nobody_reads_to_its_end_keeps_nothing_open(ledger: Ledger, purchase: Make) -> None:
    for number in range(1, 4):
        write(ledger).post(purchase(number))
    with ledger.reading() as view:
        assert next(view.export())["id"] == 1
    write(ledger).post(purchase(4))
    checkpoint = sqlite3.connect(ledger.path).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert checkpoint[0] == 0, "a reading is still open"


@pytest.mark.parametrize(
    ("table", "index", "query"),
    [
        ("facts", "facts_payment", lambda view: view.facts("pi_1")),
        ("credit_transactions", "credit_transactions_payment", lambda view: view.purchase_of("pi_1")),
        ("deliveries", "deliveries_event", lambda view: view.deliveries(event_id="evt_1")),
    ],
)
def test_what_the_webhook_asks_is_found_in_an_index(
    ledger: Ledger, table: str, index: str, query: Callable[..., object]
) -> None:
    asked: list[str] = []
    with ledger.reading() as view:
        view.connection.set_trace_callback(asked.append)
        query(view)
        view.connection.set_trace_callback(None)
        plan = [row[3] for row in view.connection.execute(f"EXPLAIN QUERY PLAN {asked[-1]}")]
    assert any(index in step for step in plan), plan
    assert not any(step.startswith(f"SCAN {table}") for step in plan)
