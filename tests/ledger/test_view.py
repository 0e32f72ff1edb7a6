"""A reading is one snapshot, hinders no writer, and never becomes a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest

from creditctl.core.entitlement.settlement import EntryDraft, EntryKind
from creditctl.core.errors import LedgerError
from creditctl.ledger.hashchain.chain import COLUMNS
from creditctl.ledger.models import EntryFilter, Posting
from creditctl.ledger.store import Ledger
from tests.support.ledger_calls import FINDING, read, refund, tell, write
from tests.support.ledgers import MakePurchase, OpenLedger


def test_all_answers_of_a_reading_are_of_one_moment(
    ledger: Ledger, open_ledger: OpenLedger, purchase: MakePurchase
) -> None:
    write(ledger).post(purchase(1))
    other = open_ledger()
    with ledger.reading() as view:
        assert view.count() == 1
        write(other).post(purchase(2))
        write(other).add_finding(FINDING)
        assert (view.count(), view.balance("user2"), view.findings(), view.verify().head.count) == (1, 0, [], 1)
    assert (read(ledger).count(), read(ledger).balance("user2"), len(read(ledger).findings())) == (2, 1000, 1)


def test_a_writer_waits_for_no_reading(ledger: Ledger, open_ledger: OpenLedger, purchase: MakePurchase) -> None:
    other = open_ledger(busy_timeout_seconds=0)
    with ledger.reading() as view:
        assert view.entries() == []
        for number in range(1, 4):
            write(other).post(purchase(number))
        other.backup(other.path.with_name("copy.db"))
    assert read(other).count() == 3


def test_a_reading_waits_for_no_writer(ledger: Ledger, open_ledger: OpenLedger, purchase: MakePurchase) -> None:
    other = open_ledger(busy_timeout_seconds=0)
    with ledger.transaction() as tx:
        tx.post(purchase())
        assert read(other).count() == 0
    assert read(other).count() == 1


def test_a_transaction_answers_the_same_questions_its_own_writes_included(
    ledger: Ledger, purchase: MakePurchase
) -> None:
    with ledger.transaction() as tx:
        entry = tx.post(purchase()).entry
        assert (tx.count(), tx.balance("user1"), tx.purchase_of("pi_1"), tx.verify().ok) == (1, 1000, entry, True)
        with ledger.reading() as view:
            assert view.entries() == [entry]
        tx.add_finding(FINDING)
    assert read(ledger).count() == 1
    assert len(read(ledger).findings()) == 1


def test_a_reading_never_becomes_a_transaction(ledger: Ledger, purchase: MakePurchase) -> None:
    with ledger.reading() as view:
        assert view.count() == 0
        with pytest.raises(LedgerError) as caught:
            write(ledger).post(purchase())
        assert view.count() == 0
    assert caught.value.code == "ledger.nested_transaction"
    write(ledger).post(purchase())
    assert read(ledger).count() == 1


def test_a_reading_inside_a_reading_is_part_of_it(
    ledger: Ledger, open_ledger: OpenLedger, purchase: MakePurchase
) -> None:
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


def test_an_error_inside_a_reading_ends_it(ledger: Ledger, purchase: MakePurchase) -> None:
    with pytest.raises(LedgerError), ledger.reading() as view:
        view.connection.execute("SELECT nothing FROM nowhere")
    with pytest.raises(ValueError, match="mine"), ledger.reading():
        raise ValueError("mine")
    write(ledger).post(purchase())
    assert read(ledger).count() == 1


def test_an_export_that_nobody_reads_to_its_end_keeps_nothing_open(ledger: Ledger, purchase: MakePurchase) -> None:
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


def post(ledger: Ledger, draft: EntryDraft) -> Posting:
    with ledger.transaction() as tx:
        return tx.post(draft)


def test_balances_histories_and_pages(ledger: Ledger, purchase: MakePurchase) -> None:
    for number in range(1, 8):
        post(ledger, purchase(number, user_id=f"user{number % 2}"))
    assert (read(ledger).balance("user1"), read(ledger).balance("nobody")) == (4000, 0)
    assert [(row.user_id, row.credits, row.entries) for row in read(ledger).balances()] == [
        ("user0", 3000, 3),
        ("user1", 4000, 4),
    ]
    assert [row.user_id for row in read(ledger).balances(after="user0")] == ["user1"]
    assert [row.user_id for row in read(ledger).balances(limit=1)] == ["user0"]
    mine = EntryFilter(user_id="user1")
    assert [entry.id for entry in read(ledger).entries(mine, limit=2)] == [1, 3]
    assert [entry.id for entry in read(ledger).entries(mine, after_id=3)] == [5, 7]
    assert [entry.id for entry in read(ledger).entries(mine, newest_first=True, limit=2)] == [7, 5]
    assert [entry.id for entry in read(ledger).entries(mine, newest_first=True, after_id=5)] == [3, 1]


def test_entries_are_filtered_by_everything_that_names_them(ledger: Ledger, purchase: MakePurchase) -> None:
    post(ledger, purchase(1))
    post(ledger, purchase(2))
    tell(ledger, refund(100))

    def ids(wanted: EntryFilter) -> list[int]:
        return [entry.id for entry in read(ledger).entries(wanted)]

    assert ids(EntryFilter(payment_key="pi_1")) == [1, 3]
    assert ids(EntryFilter(kind=EntryKind.REFUND)) == [3]
    assert ids(EntryFilter(object_id="re_1")) == [3]
    assert ids(EntryFilter(since=1_789_999_902)) == [2]
    assert ids(EntryFilter(until=1_789_999_902)) == [1, 3]
    assert ids(EntryFilter()) == [1, 2, 3]


def test_the_balance_is_answered_from_the_index_alone(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        query = "EXPLAIN QUERY PLAN SELECT coalesce(sum(credits), 0) FROM credit_transactions WHERE user_id = ?"
        ((_, _, _, plan),) = tx.connection.execute(query, ("x",)).fetchall()
    assert "USING COVERING INDEX credit_transactions_user" in plan


def test_export_gives_every_column_in_order_while_others_write(
    ledger: Ledger, open_ledger: OpenLedger, purchase: MakePurchase
) -> None:
    post(ledger, purchase(1))
    with ledger.reading() as view:
        rows = view.export()
        first = next(rows)
        post(open_ledger(), purchase(2))
        assert list(first) == list(COLUMNS)
        assert [row["id"] for row in rows] == []
    assert [row["id"] for row in read(ledger).export()] == [1, 2]
