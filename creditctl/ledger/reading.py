"""Everything that can be asked of a ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from creditctl.ledger import rows
from creditctl.ledger.hashchain.chain import COLUMNS, GENESIS
from creditctl.ledger.models import (
    Attestation,
    Balance,
    Delivery,
    Entry,
    EntryFilter,
    FindingStatus,
    Head,
    RunRecord,
    StoredFact,
    StoredFinding,
)

_FETCH_ROWS = 1000


def balance(connection: sqlite3.Connection, user_id: str) -> int:
    """The credits of one user; 0 for one who is not known."""
    query = "SELECT coalesce(sum(credits), 0) FROM credit_transactions WHERE user_id = ?"
    return int(connection.execute(query, (user_id,)).fetchone()[0])


def balances(connection: sqlite3.Connection, after: str | None, limit: int | None) -> list[Balance]:
    """The credits of all users in order of their id, page by page."""
    query = (
        "SELECT user_id, sum(credits), count(*) FROM credit_transactions WHERE user_id > ? "
        "GROUP BY user_id ORDER BY user_id LIMIT ?"
    )
    page = (after or "", -1 if limit is None else limit)
    return [Balance(*row) for row in connection.execute(query, page)]


def entries(
    connection: sqlite3.Connection, wanted: EntryFilter, *, after_id: int, limit: int, newest_first: bool
) -> list[Entry]:
    """One page of entries; the next begins after the last id of this one."""
    terms: list[tuple[str, object]] = [
        ("user_id = ?", wanted.user_id),
        ("kind = ?", wanted.kind.value if wanted.kind else None),
        ("payment_key = ?", wanted.payment_key),
        ("object_id = ?", wanted.object_id),
        ("created >= ?", wanted.since),
        ("created < ?", wanted.until),
    ]
    compare, order = ("<", "DESC") if newest_first else (">", "ASC")
    page: list[tuple[str, object]] = [(f"id {compare} ?", after_id)] if after_id else []
    used = [(term, value) for term, value in (*terms, *page) if value is not None]
    where = " AND ".join(term for term, _ in used) or "1"
    query = f"SELECT {rows.ENTRY_COLUMNS} FROM credit_transactions WHERE {where} ORDER BY id {order} LIMIT ?"  # noqa: S608
    return [rows.entry_of(row) for row in connection.execute(query, (*(value for _, value in used), limit))]


def entry(connection: sqlite3.Connection, number: int) -> Entry | None:
    """One entry by its id."""
    query = f"SELECT {rows.ENTRY_COLUMNS} FROM credit_transactions WHERE id = ?"  # noqa: S608
    row = connection.execute(query, (number,)).fetchone()
    return rows.entry_of(row) if row else None


def head(connection: sqlite3.Connection) -> Head:
    """How many entries there are, and the hash of the last."""
    row = connection.execute("SELECT id, hash FROM credit_transactions ORDER BY id DESC LIMIT 1").fetchone()
    return Head(*row) if row else Head(0, GENESIS)


def export(connection: sqlite3.Connection) -> Iterator[dict[str, object]]:
    """Every entry with every column, in order; one consistent view, however long it takes."""
    cursor = connection.execute(f"SELECT {rows.ENTRY_COLUMNS} FROM credit_transactions ORDER BY id")  # noqa: S608
    while page := cursor.fetchmany(_FETCH_ROWS):
        for row in page:
            yield dict(zip(COLUMNS, row, strict=True))


def facts(connection: sqlite3.Connection, payment_key: str | None) -> list[StoredFact]:
    """The known refunds and disputes, of one payment or of all."""
    query = f"SELECT {rows.FACT_COLUMNS} FROM facts WHERE payment_key = coalesce(?, payment_key) ORDER BY object_id"  # noqa: S608
    return [rows.fact_of(row) for row in connection.execute(query, (payment_key,))]


def findings(connection: sqlite3.Connection, status: FindingStatus | None) -> list[StoredFinding]:
    """The findings in one state, or all; oldest first."""
    query = f"SELECT {rows.FINDING_COLUMNS} FROM findings WHERE status = coalesce(?, status) ORDER BY id"  # noqa: S608
    return [rows.finding_of(row) for row in connection.execute(query, (status.value if status else None,))]


def finding(connection: sqlite3.Connection, number: int) -> StoredFinding | None:
    """One finding by its id."""
    query = f"SELECT {rows.FINDING_COLUMNS} FROM findings WHERE id = ?"  # noqa: S608
    row = connection.execute(query, (number,)).fetchone()
    return rows.finding_of(row) if row else None


def deliveries(
    connection: sqlite3.Connection, event_id: str | None, outcome: str | None, after_id: int, limit: int
) -> list[Delivery]:
    """One page of deliveries, in the order in which they came."""
    terms = [("event_id = ?", event_id), ("outcome = ?", outcome)]
    used = [(term, value) for term, value in terms if value is not None]
    where = " AND ".join(["id > ?", *(term for term, _ in used)])
    query = f"SELECT {rows.DELIVERY_COLUMNS} FROM deliveries WHERE {where} ORDER BY id LIMIT ?"  # noqa: S608
    values: Sequence[object] = (after_id, *(value for _, value in used), limit)
    return [rows.delivery_of(row) for row in connection.execute(query, values)]


def runs(connection: sqlite3.Connection, kind: str | None, limit: int) -> list[RunRecord]:
    """The latest runs, newest first."""
    query = f"SELECT {rows.RUN_COLUMNS} FROM runs WHERE kind = coalesce(?, kind) ORDER BY id DESC LIMIT ?"  # noqa: S608
    return [rows.run_of(row) for row in connection.execute(query, (kind, limit))]


def attestations(connection: sqlite3.Connection, item: str | None) -> list[Attestation]:
    """What was vouched for, newest first."""
    query = f"SELECT {rows.ATTESTATION_COLUMNS} FROM attestations WHERE item = coalesce(?, item) ORDER BY id DESC"  # noqa: S608
    return [rows.attestation_of(row) for row in connection.execute(query, (item,))]
