"""Verification: proves what balances lean on, from the file's pages up to the credits that refunds took back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from creditctl.ledger.hashchain.chain import GENESIS
from creditctl.ledger.hashchain.violations import Verification, Violation
from creditctl.ledger.hashchain.walk import walk_chain
from creditctl.ledger.schema import Migration
from creditctl.ledger.verification.anchors import Anchor, anchor_faults
from creditctl.ledger.verification.clawbacks import clawback_faults
from creditctl.ledger.verification.structure import damage, schema_faults


def verify(
    connection: sqlite3.Connection,
    account: str,
    livemode: bool,
    *,
    migrations: Sequence[Migration],
    expect_head: str | None = None,
    anchors: Sequence[Anchor] = (),
) -> Verification:
    """Checks pages and schema, recomputes the chain and what refunds take, and names all that does not fit.

    Shape: a chain cannot show that its tail was cut, nor that it was rewritten as a whole; `expect_head` and `anchors`,
           noted earlier, can: each must be the hash of the last entry or of one before it.
    """
    structure = [*damage(connection), *schema_faults(connection, migrations)]
    head, chain = walk_chain(connection, account, livemode)
    faults = [*chain, *structure, *_orphans(connection), *clawback_faults(connection)]
    faults += anchor_faults(connection, head, anchors)
    if expect_head is not None and not _holds(connection, expect_head):
        faults.append(Violation("head", None, f"no entry has the expected hash {expect_head}: entries were removed"))
    return Verification(head, tuple(sorted(faults, key=lambda fault: (fault.entry_id is None, fault.entry_id or 0))))


def _orphans(connection: sqlite3.Connection) -> Iterator[Violation]:
    """Rows that name an entry that is not there."""
    for table, _rowid, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        if parent == "credit_transactions":
            yield Violation("orphan", None, f"a row of {table} names an entry that is not there")


def _holds(connection: sqlite3.Connection, head: str) -> bool:
    if head == GENESIS:
        return True
    query = "SELECT 1 FROM credit_transactions WHERE hash = ? LIMIT 1"
    return connection.execute(query, (head.lower(),)).fetchone() is not None
