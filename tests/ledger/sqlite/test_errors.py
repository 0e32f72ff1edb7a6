"""What SQLite refuses: a clear error, and nothing half written."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from creditctl.core.entitlement.settlement import EntryDraft
from creditctl.core.errors import ExitCode, LedgerError
from creditctl.ledger.sqlite.errors import translated
from creditctl.ledger.store import Ledger
from tests.support.ledger_calls import read
from tests.support.ledgers import MakePurchase, OpenLedger
from tests.support.users import ordinary_user


def post_all(ledger: Ledger, drafts: Sequence[EntryDraft]) -> None:
    with ledger.transaction() as tx:
        for draft in drafts:
            tx.post(draft)


def code_of_posting(ledger: Ledger, *drafts: EntryDraft) -> str:
    with pytest.raises(LedgerError) as caught:
        post_all(ledger, drafts)
    assert caught.value.exit_code == ExitCode.LEDGER
    assert caught.value.fix
    return caught.value.code


def test_a_full_disk_leaves_the_ledger_as_it_was(open_ledger: OpenLedger, purchase: MakePurchase) -> None:
    with open_ledger().transaction() as tx:
        tx.post(purchase(1))
    tight = open_ledger(on_connect=lambda connection: connection.execute("PRAGMA max_page_count = 1"))
    drafts = [purchase(number, package="x" * 3000) for number in range(2, 60)]
    assert code_of_posting(tight, *drafts) == "ledger.disk_full"
    assert (read(tight).count(), read(tight).verify().ok) == (1, True)


def test_a_locked_ledger_can_be_read_but_not_written(
    open_ledger: OpenLedger, purchase: MakePurchase, path: Path
) -> None:
    ledger = open_ledger(busy_timeout_seconds=0)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    assert code_of_posting(ledger, purchase()) == "ledger.locked"
    assert read(ledger).balance("user1") == 0
    blocker.execute("ROLLBACK")
    blocker.close()
    with ledger.transaction() as tx:
        tx.post(purchase())
    assert read(ledger).balance("user1") == 1000


def test_a_read_only_ledger_can_be_read_but_not_written(open_ledger: OpenLedger, purchase: MakePurchase) -> None:
    open_ledger().close()
    ledger = open_ledger(on_connect=lambda connection: connection.execute("PRAGMA query_only = 1"))
    assert code_of_posting(ledger, purchase()) == "ledger.read_only"
    assert read(ledger).count() == 0


def test_a_file_without_write_permission_is_said(purchase: MakePurchase) -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to other users
        path = Path(name) / "ledger.db"
        Ledger.open(path, account="acct_1", livemode=False, clock=lambda: 1).close()
        path.chmod(0o400)
        with (
            ordinary_user(path.parent),
            Ledger.open(path, account="acct_1", livemode=False, clock=lambda: 1) as ledger,
        ):
            assert code_of_posting(ledger, purchase()) == "ledger.read_only"
            assert read(ledger).count() == 0


def test_a_damaged_ledger_is_said(open_ledger: OpenLedger, purchase: MakePurchase, path: Path) -> None:
    ledger = open_ledger()
    with ledger.transaction() as tx:
        for number in range(1, 400):
            tx.post(purchase(number))
    ledger.close()
    body = bytearray(path.read_bytes())
    body[8192:] = b"\xa5" * (len(body) - 8192)
    path.write_bytes(body)
    with pytest.raises(LedgerError) as caught:
        read(open_ledger()).verify()
    assert caught.value.code == "ledger.corrupt"


def test_any_other_complaint_of_sqlite_is_a_ledger_error_too() -> None:
    with pytest.raises(LedgerError) as caught, translated(Path("x.db")):
        raise sqlite3.InterfaceError("odd")
    assert caught.value.code == "ledger.unusable"
