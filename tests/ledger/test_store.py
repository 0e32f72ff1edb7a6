"""Ledger file: a transaction is written whole or not at all, and a backup is a whole ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from creditctl.core.entitlement.facts import RefundFact
from creditctl.core.entitlement.settlement import EntryDraft
from creditctl.core.errors import ConfigurationError, LedgerError
from creditctl.core.findings import Finding, Severity
from creditctl.ledger.models import Outcome, Posting
from creditctl.ledger.store import Ledger
from tests.support.ledger_calls import read
from tests.support.ledgers import MakePurchase, OpenLedger

FINDING = Finding("fulfilment.owner_missing", Severity.HIGH, "pi_1", "No owner.", "`resolve {id}`")


def post(ledger: Ledger, draft: EntryDraft) -> Posting:
    with ledger.transaction() as tx:
        return tx.post(draft)


def refund(amount: int, status: str = "succeeded", name: str = "re_1") -> RefundFact:
    return RefundFact(name, "pi_1", "ch_1", amount, "usd", status, 5, 6)


def test_nothing_of_a_transaction_that_fails_is_written(ledger: Ledger, purchase: MakePurchase) -> None:
    def write_and_fail() -> None:
        with ledger.transaction() as tx:
            tx.post(purchase())
            tx.keep_fact(refund(100))
            tx.add_finding(FINDING)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert (read(ledger).count(), read(ledger).facts(), read(ledger).findings(None)) == (0, [], [])
    assert post(ledger, purchase()).outcome is Outcome.POSTED


def test_a_backup_is_a_whole_ledger_and_overwrites_nothing(
    ledger: Ledger, purchase: MakePurchase, tmp_path: Path, open_ledger: OpenLedger
) -> None:
    post(ledger, purchase())
    with ledger.transaction() as tx:
        tx.post(purchase(2))
        ledger.backup(tmp_path / "copy.db")
    copy = open_ledger(path=tmp_path / "copy.db", create=False)
    assert (read(copy).count(), read(copy).verify().ok) == (1, True)
    with pytest.raises(ConfigurationError) as refused:
        ledger.backup(tmp_path / "copy.db")
    assert refused.value.code == "ledger.backup_exists"
    with pytest.raises(LedgerError) as caught:
        ledger.backup(tmp_path / "nowhere" / "copy.db")
    assert caught.value.code == "ledger.unopenable"
