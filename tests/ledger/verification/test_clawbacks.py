"""What was taken back is recomputed from the refunds and disputes that are kept."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from creditctl.core.entitlement.settlement import EntryKind, KeyScheme, idempotency_key
from creditctl.ledger.store import Ledger
from tests.support.ledger_calls import adjusted, read, refund, tell, write
from tests.support.ledgers import MakePurchase


@pytest.fixture
def refunded(ledger: Ledger, purchase: MakePurchase) -> Ledger:
    """A payment of ten dollars, four of them refunded."""
    write(ledger).post(purchase())
    assert tell(ledger, refund(400)) == [-400]
    return ledger


def tamper(path: Path, statement: str) -> None:
    """Changes facts as somebody would who took their triggers off first and put them back afterwards."""
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'facts'"
        triggers = connection.execute(query).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
        for _, text in triggers:
            connection.execute(text)
        connection.commit()


def test_what_was_taken_is_what_the_refunds_ask_for(refunded: Ledger) -> None:
    assert read(refunded).verify().ok
    assert tell(refunded, refund(400, "failed")) == [400]
    assert read(refunded).verify().ok


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE facts SET amount = 900, counted = 900", "take 900 credits, and the entries took 400"),
        ("UPDATE facts SET amount = 100, counted = 100", "take 100 credits, and the entries took 400"),
        ("UPDATE facts SET currency = 'eur'", "take 0 credits, and the entries took 400"),
        ("UPDATE facts SET status = 'failed', counted = 0", "take 0 credits, and the entries took 400"),
        ("DELETE FROM facts", "of which nothing is known any more"),
        ("UPDATE facts SET payment_key = 'pi_2'", "of which nothing is known any more"),
        (
            "INSERT INTO facts SELECT 're_9', kind, payment_key, charge_id, 500, currency, status, 500, created, "
            "observed, recorded, source_event, detail FROM facts",
            "take 900 credits, and the entries took 400",
        ),
    ],
)
def test_facts_that_were_changed_are_told_by_the_entries(
    refunded: Ledger, path: Path, statement: str, words: str
) -> None:
    tamper(path, statement)
    found = read(refunded).verify()
    assert {fault.kind for fault in found.faults} == {"clawback"}
    assert any(words in fault.message for fault in found.faults)


def test_a_payment_with_a_correction_is_left_to_reconcile(refunded: Ledger) -> None:
    adjusted(refunded, user_id="user1", credits=400, reason="kindness", key="k", corrects=2)
    assert read(refunded).verify().ok


def test_a_refund_before_its_purchase_is_no_fault(ledger: Ledger) -> None:
    assert tell(ledger, refund(400)) == []
    assert read(ledger).verify().ok


def test_a_clawback_that_an_application_booked_needs_no_fact(ledger: Ledger, purchase: MakePurchase) -> None:
    from dataclasses import replace

    row = replace(
        purchase(),
        kind=EntryKind.REFUND,
        credits=-400,
        amount=-400,
        object_id="re_1",
        idempotency_key=idempotency_key(KeyScheme.IMPORT, "app", "1"),
    )
    with ledger.transaction() as tx:
        tx.post(purchase())
        tx.post(row)
    assert read(ledger).verify().ok
