"""Schema of a ledger: its triggers refuse every change of an entry."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from creditctl.core.entitlement.settlement import EntryDraft
from creditctl.ledger.hashchain.chain import COLUMNS
from creditctl.ledger.models import Posting
from creditctl.ledger.store import Ledger
from tests.support.ledgers import MakePurchase


def post(ledger: Ledger, draft: EntryDraft) -> Posting:
    with ledger.transaction() as tx:
        return tx.post(draft)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE credit_transactions SET credits = 1",
        "DELETE FROM credit_transactions",
        "INSERT OR REPLACE INTO credit_transactions SELECT * FROM credit_transactions WHERE id = 1",
        "INSERT INTO credit_transactions SELECT 7, " + ", ".join(COLUMNS[1:]) + " FROM credit_transactions",
    ],
)
def test_entries_cannot_be_changed_with_plain_sqlite(
    ledger: Ledger, purchase: MakePurchase, path: Path, statement: str
) -> None:
    post(ledger, purchase())
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()
