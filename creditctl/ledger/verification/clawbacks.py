"""Clawbacks proven: what entries took back is recomputed from the refunds and disputes that are kept as facts.

Facts stand in no hash chain, but entries follow from them: so each tells on the other. Payments with corrections by
hand, or with entries that an application booked, are left to `reconcile`: people may have agreed on something else.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence

from creditctl.core.entitlement.facts import Fact
from creditctl.core.entitlement.settlement import (
    CLAWBACK_KINDS,
    EntryKind,
    KeyScheme,
    credits_to_take,
    returned_amount,
)
from creditctl.ledger import rows
from creditctl.ledger.hashchain.violations import Violation
from creditctl.ledger.models import Entry
from creditctl.ledger.sqlite.statements import select

_PAYMENTS = (
    "WHERE payment_key IN (SELECT payment_key FROM facts UNION SELECT payment_key FROM credit_transactions "
    "WHERE kind IN ('refund', 'refund_reversal', 'dispute', 'dispute_reversal')) ORDER BY payment_key, id"
)
_BY_OTHERS = (f"{KeyScheme.IMPORT.value}:", f"{KeyScheme.ADJUSTMENT.value}:")


def clawback_faults(connection: sqlite3.Connection) -> Iterator[Violation]:
    """Every payment whose entries took something else than its refunds and disputes ask for, and gone facts."""
    facts: dict[str, list[Fact]] = defaultdict(list)
    for row in connection.execute(select(rows.FACT_COLUMNS, "facts")):
        fact = rows.fact_of(row).fact
        facts[fact.payment_key].append(fact)
    for key, entries in _payments(connection):
        yield from _missing_facts(entries, facts[key])
        yield from _other_sum(key, entries, facts[key])


def _payments(connection: sqlite3.Connection) -> Iterator[tuple[str, list[Entry]]]:
    """The entries of each payment of which something was returned, one payment at a time."""
    key, entries = "", list[Entry]()
    for row in connection.execute(select(rows.ENTRY_COLUMNS, "credit_transactions", _PAYMENTS)):
        entry = rows.entry_of(row)
        if entry.payment_key != key and entries:
            yield key, entries
            entries = []
        key = entry.payment_key or ""
        entries.append(entry)
    if entries:
        yield key, entries


def _missing_facts(entries: Sequence[Entry], facts: Sequence[Fact]) -> Iterator[Violation]:
    known = {fact.object_id for fact in facts}
    for entry in entries:
        if entry.kind in CLAWBACK_KINDS and not _is_by_others(entry) and entry.object_id not in known:
            yield Violation(
                "clawback", entry.id, f"entry {entry.id} follows {entry.object_id}, of which nothing is known any more"
            )


def _other_sum(key: str, entries: Sequence[Entry], facts: Sequence[Fact]) -> Iterator[Violation]:
    """A payment of one purchase and nobody's correction, from which another number of credits was taken."""
    purchase = next((entry for entry in entries if entry.kind is EntryKind.PURCHASE), None)
    if purchase is None or any(map(_is_by_others, entries)):
        return
    currency = purchase.currency or ""
    due = credits_to_take(purchase.credits, purchase.amount, returned_amount(purchase.amount, facts, currency))
    taking = [entry for entry in entries if entry.kind in CLAWBACK_KINDS]
    taken = -sum(entry.credits for entry in taking)
    if taken != due:
        yield Violation(
            "clawback",
            purchase.id,
            f"payment {key}: refunds and disputes take {due:,} credits, and the entries took {taken:,}",
        )
    for entry in taking:
        if entry.user_id != purchase.user_id:
            yield Violation("clawback", entry.id, f"entry {entry.id} took from another user than payment {key} gave to")


def _is_by_others(entry: Entry) -> bool:
    return entry.idempotency_key.startswith(_BY_OTHERS)
