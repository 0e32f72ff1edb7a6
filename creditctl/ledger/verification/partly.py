"""Verification in parts: a large ledger is proven piece by piece, its newest entries each time."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from creditctl.ledger.hashchain.violations import Verification
from creditctl.ledger.hashchain.walk import walk_chain
from creditctl.ledger.schema import Migration
from creditctl.ledger.verification.structure import schema_faults
from creditctl.ledger.verification.verify import verify

WHOLE_ENTRIES = 50_000
"""Up to so many entries are proven whole: about half a second."""
PART_ENTRIES = 20_000


def verify_partly(
    connection: sqlite3.Connection,
    account: str,
    livemode: bool,
    *,
    migrations: Sequence[Migration],
    turn: int,
    whole: int = WHOLE_ENTRIES,
    part: int = PART_ENTRIES,
) -> Verification:
    """A small ledger whole; of a large one the schema, the newest entries, and the part whose turn it is.

    Shape: `turn` counts the days, for example; after as many turns as there are parts all has been proven. `whole` and
           `part` count entries.
    """
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM credit_transactions").fetchone()
    if last <= whole:
        return verify(connection, account, livemode, migrations=migrations)
    newest = last - part
    first = part * (turn % -(-newest // part))
    _, old = walk_chain(connection, account, livemode, after=first, until=min(first + part, newest))
    head, new = walk_chain(connection, account, livemode, after=newest)
    return Verification(head, (*old, *new, *schema_faults(connection, migrations)))
