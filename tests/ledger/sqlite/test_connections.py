"""Connections belong to threads and processes, and end with them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from creditctl.core.errors import LedgerError
from creditctl.ledger.store import Ledger
from tests.support.ledger_calls import read, write
from tests.support.ledgers import MakePurchase


def open_files(path: Path) -> int:
    """How often this process has the file open."""
    names = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if _is_link(fd)]
    return names.count(str(path))


def _is_link(fd: str) -> bool:
    return os.path.islink(f"/proc/self/fd/{fd}")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's /proc")
def test_threads_that_end_leave_no_open_files(ledger: Ledger, path: Path) -> None:
    before = open_files(path)
    for _ in range(20):
        thread = threading.Thread(target=lambda: read(ledger).balance("user1"))
        thread.start()
        thread.join()
    assert open_files(path) <= before + 1  # SQLite keeps one descriptor to use again: closing it would drop locks
    ledger.close()
    assert open_files(path) == 0


def test_many_threads_write_without_losing_or_waiting_for_ever(ledger: Ledger, purchase: MakePurchase) -> None:
    def post(number: int) -> None:
        with ledger.transaction() as tx:
            tx.post(purchase(number % 50))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(post, range(200)))
    assert read(ledger).count() == 50
    assert read(ledger).verify().ok


def test_a_transaction_within_a_transaction_is_refused_and_harms_neither(
    ledger: Ledger, purchase: MakePurchase
) -> None:
    with ledger.transaction() as tx:
        tx.post(purchase())
        with pytest.raises(LedgerError):
            write(ledger).attest("item", "ada", "x")
    assert (read(ledger).count(), read(ledger).attestations()) == (1, [])


def test_a_forked_child_gets_a_connection_of_its_own(ledger: Ledger, purchase: MakePurchase) -> None:
    def in_child() -> int:
        with ledger.transaction() as tx:
            tx.post(purchase(2))
        return 0 if read(ledger).count() == 2 else 1

    with ledger.transaction() as tx:
        tx.post(purchase(1))
    child = os.fork()
    if child == 0:
        os._exit(_status_of(in_child))
    assert os.waitpid(child, 0)[1] == 0
    assert (read(ledger).count(), read(ledger).verify().ok) == (2, True)


def _status_of(work: Callable[[], int]) -> int:
    try:
        return work()
    except BaseException:
        return 2
