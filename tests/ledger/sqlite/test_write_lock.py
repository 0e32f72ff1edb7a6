"""Whoever wants to write waits for others so long and no longer, threads and processes together."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from creditctl.core.errors import LedgerError
from creditctl.ledger.store import Ledger
from tests.support.ledger_calls import read
from tests.support.ledgers import MakePurchase, OpenLedger
from tests.support.waiting import Deadline, patience


def code_of_writing(ledger: Ledger, wait_seconds: float | None = None) -> str:
    with pytest.raises(LedgerError) as caught, ledger.transaction(wait_seconds):
        raise AssertionError("it was not this one's turn")
    return caught.value.code


def test_a_thread_that_writes_too_long_is_not_waited_for(open_ledger: OpenLedger, purchase: MakePurchase) -> None:
    ledger = open_ledger(busy_timeout_seconds=0.05)
    with ThreadPoolExecutor(1) as other, ledger.transaction() as tx:
        assert other.submit(code_of_writing, ledger).result() == "ledger.locked"
        tx.post(purchase())
    assert (read(ledger).count(), read(ledger).verify().ok) == (1, True)


def test_a_process_that_writes_is_waited_for_as_long_as_was_said(open_ledger: OpenLedger, path: Path) -> None:
    ledger = open_ledger(busy_timeout_seconds=60)
    sooner = Deadline(30)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    assert code_of_writing(ledger, wait_seconds=0) == "ledger.locked"
    assert not sooner.passed
    blocker.execute("ROLLBACK")
    blocker.close()
    with ledger.transaction(0) as tx:
        assert tx.connection.execute("PRAGMA busy_timeout").fetchone()[0] == 60_000


def test_threads_behind_a_locked_ledger_wait_at_the_same_time(open_ledger: OpenLedger, path: Path) -> None:
    seconds = patience(0.2)
    ledger = open_ledger(busy_timeout_seconds=seconds)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: code_of_writing(ledger), range(8)))
    assert time.monotonic() - started < 8 * seconds, "each began to wait when the one before it had given up"
    assert codes == ["ledger.locked"] * 8
    blocker.close()
