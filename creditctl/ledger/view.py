"""Read view of a ledger: every question about its entries, balances, facts, findings, deliveries and runs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from creditctl.core.entitlement.settlement import EntryKind
from creditctl.ledger import finding_rows, rows
from creditctl.ledger.hashchain.chain import COLUMNS, GENESIS
from creditctl.ledger.hashchain.violations import Verification
from creditctl.ledger.models import (
    Attestation,
    Balance,
    Delivery,
    Dismissal,
    Entry,
    EntryFilter,
    FindingStatus,
    Head,
    RunRecord,
    StoredFact,
    StoredFinding,
)
from creditctl.ledger.schema import MIGRATIONS, Migration
from creditctl.ledger.sqlite.statements import among, batched, select
from creditctl.ledger.verification.anchors import Anchor
from creditctl.ledger.verification.partly import verify_partly
from creditctl.ledger.verification.verify import verify

_FETCH_ROWS = 1000
_EVERYTHING = EntryFilter()
_CHARGES = "SELECT 1 FROM credit_transactions WHERE payment_key BETWEEN '{0}' AND '{0}~'"
"""A walk in the index of the keys. Source: an id of Stripe's is made of letters and digits, which come before `~`."""


@dataclass(frozen=True, slots=True)
class LedgerView:
    """Answers every question about a ledger from one snapshot: that of the open transaction of its connection.

    Shape: `Ledger.reading` gives one for reading; a LedgerTransaction is one that can write too. Good inside its
           `with` only, and in the thread that opened it.
    """

    connection: sqlite3.Connection
    account: str
    livemode: bool
    migrations: Sequence[Migration] = field(default=MIGRATIONS, kw_only=True)

    def balance(self, user_id: str) -> int:
        """The credits of one user; 0 for one who is not known."""
        query = "SELECT coalesce(sum(credits), 0) FROM credit_transactions WHERE user_id = ?"
        return int(self.connection.execute(query, (user_id,)).fetchone()[0])

    def balances(self, after: str | None = None, limit: int | None = None) -> list[Balance]:
        """The credits of all users in order of their id; the next page begins after the last one."""
        query = (
            "SELECT user_id, sum(credits), count(*) FROM credit_transactions WHERE user_id > ? "
            "GROUP BY user_id ORDER BY user_id LIMIT ?"
        )
        page = (after or "", -1 if limit is None else limit)
        return [Balance(*row) for row in self.connection.execute(query, page)]

    def negative_balances(self, limit: int) -> list[Balance]:
        """The users who have less than nothing, in order of their id."""
        query = (
            "SELECT user_id, sum(credits), count(*) FROM credit_transactions "
            "GROUP BY user_id HAVING sum(credits) < 0 ORDER BY user_id LIMIT ?"
        )
        return [Balance(*row) for row in self.connection.execute(query, (limit,))]

    def entries(
        self,
        wanted: EntryFilter = _EVERYTHING,
        *,
        after_id: int = 0,
        limit: int = 100,
        newest_first: bool = False,
    ) -> list[Entry]:
        """One page of entries; the next begins after the last id of this one."""
        compare, order = ("<", "id DESC") if newest_first else (">", "id")
        terms: list[tuple[str, object]] = [
            ("user_id = ?", wanted.user_id),
            ("kind = ?", wanted.kind.value if wanted.kind else None),
            ("payment_key = ?", wanted.payment_key),
            ("object_id = ?", wanted.object_id),
            ("created >= ?", wanted.since),
            ("created < ?", wanted.until),
            (f"id {compare} ?", after_id or None),
        ]
        return [rows.entry_of(row) for row in self._entry_rows(terms, order, limit)]

    def entry(self, number: int) -> Entry | None:
        """One entry by its id."""
        row = self._entry_rows([("id = ?", number)]).fetchone()
        return rows.entry_of(row) if row else None

    def entries_of(
        self, column: Literal["id", "payment_key"], values: Collection[int] | Collection[str]
    ) -> Iterator[Entry]:
        """The entries that have one of these values, in no order."""
        for some in batched(values):
            yield from map(rows.entry_of, self._entry_rows([(among(column), json.dumps(some))]))

    def purchase_of(self, payment_key: str) -> Entry | None:
        """The first purchase of a payment."""
        terms = [("payment_key = ?", payment_key), ("kind = ?", EntryKind.PURCHASE.value)]
        row = self._entry_rows(terms, limit=1).fetchone()
        return rows.entry_of(row) if row else None

    def names_charges(self) -> bool:
        """Whether entries name payments by a charge, as an application's own rows may."""
        query = " UNION ALL ".join(map(_CHARGES.format, ("ch_", "py_")))
        return bool(self.connection.execute(f"SELECT EXISTS ({query})").fetchone()[0])

    def purchases_of_session(self, session_id: str) -> list[Entry]:
        """The purchases of a checkout session, under whatever key; found in the index that only purchases have."""
        found = self._entry_rows([("session_id = ? AND kind = 'purchase'", session_id)])
        return [rows.entry_of(row) for row in found]

    def count(self) -> int:
        """How many entries there are."""
        return self.head().count

    def head(self) -> Head:
        """How many entries there are, and the hash of the last."""
        query = "SELECT id, hash FROM credit_transactions ORDER BY id DESC LIMIT 1"
        row = self.connection.execute(query).fetchone()
        return Head(*row) if row else Head(0, GENESIS)

    def export(self) -> Iterator[dict[str, object]]:
        """Every entry with every column, in order, streamed."""
        cursor = self._entry_rows([])
        while page := cursor.fetchmany(_FETCH_ROWS):
            for row in page:
                yield dict(zip(COLUMNS, row, strict=True))

    def facts(self, payment_key: str | None = None) -> list[StoredFact]:
        """The known refunds and disputes, of one payment or of all."""
        found = self._rows(rows.FACT_COLUMNS, "facts", [("payment_key = ?", payment_key)], "object_id")
        return [rows.fact_of(row) for row in found]

    def facts_about(self, object_ids: Collection[str]) -> Iterator[StoredFact]:
        """What is known of some refunds and disputes, in no order."""
        for some in batched(object_ids):
            terms = [(among("object_id"), json.dumps(some))]
            yield from map(rows.fact_of, self._rows(rows.FACT_COLUMNS, "facts", terms, "object_id"))

    def facts_since(self, moment: int) -> frozenset[str]:
        """The refunds and disputes of which something was kept since a moment, by id. Units: Unix seconds."""
        found = self.connection.execute("SELECT object_id FROM facts WHERE recorded >= ?", (moment,))
        return frozenset(row[0] for row in found)

    def latest_fact(self) -> int:
        """When something was kept of a refund or dispute last; 0 where nothing ever was. Units: Unix seconds."""
        return int(self.connection.execute("SELECT coalesce(max(recorded), 0) FROM facts").fetchone()[0])

    def findings(self, status: FindingStatus | None = FindingStatus.OPEN) -> list[StoredFinding]:
        """The findings in one state, or all with None; oldest first."""
        terms = [("status = ?", status.value if status else None)]
        dismissals = self._dismissals()
        found = self._rows(finding_rows.FINDING_COLUMNS, "findings", terms)
        return [finding_rows.finding_of(row, dismissals.get(row[0])) for row in found]

    def finding(self, number: int) -> StoredFinding | None:
        """One finding by its id."""
        row = self._rows(finding_rows.FINDING_COLUMNS, "findings", [("id = ?", number)]).fetchone()
        return finding_rows.finding_of(row, self._dismissals(number).get(number)) if row else None

    def finding_about(self, code: str, subject: str) -> StoredFinding | None:
        """The finding of a code about a subject: there is one at most."""
        found = self.connection.execute("SELECT id FROM findings WHERE code = ? AND subject = ?", (code, subject))
        row = found.fetchone()
        return self.finding(int(row[0])) if row else None

    def _dismissals(self, finding: int | None = None) -> dict[int, Dismissal]:
        """The latest dismissal of each finding that was ever dismissed, or of one."""
        found = self._rows(finding_rows.DISMISSAL_COLUMNS, "dismissals", [("finding_id = ?", finding)])
        return {row[0]: finding_rows.dismissal_of(row) for row in found}

    def deliveries(
        self,
        *,
        event_id: str | None = None,
        outcome: str | None = None,
        after_id: int = 0,
        limit: int = 100,
    ) -> list[Delivery]:
        """One page of deliveries, in the order in which they came."""
        terms = [("event_id = ?", event_id), ("outcome = ?", outcome), ("id > ?", after_id)]
        return [rows.delivery_of(row) for row in self._rows(rows.DELIVERY_COLUMNS, "deliveries", terms, limit=limit)]

    def has_run(self, kind: str, started: int) -> bool:
        """Whether a run of a kind that began at a moment is kept. Units: Unix seconds."""
        query = "SELECT 1 FROM runs WHERE kind = ? AND started = ? ORDER BY id DESC LIMIT 1"
        return self.connection.execute(query, (kind, started)).fetchone() is not None

    def runs(self, kind: str | None = None, limit: int | None = 20) -> list[RunRecord]:
        """The latest runs, newest first; all with no limit."""
        found = self._rows(rows.RUN_COLUMNS, "runs", [("kind = ?", kind)], "id DESC", limit)
        return [rows.run_of(row) for row in found]

    def attestations(self, item: str | None = None) -> list[Attestation]:
        """What was vouched for, newest first."""
        found = self._rows(rows.ATTESTATION_COLUMNS, "attestations", [("item = ?", item)], "id DESC")
        return [rows.attestation_of(row) for row in found]

    def verify(self, expect_head: str | None = None, anchors: Sequence[Anchor] = ()) -> Verification:
        """Proves file, schema, hash chain and clawbacks, and that what was noted earlier is still there."""
        return verify(
            self.connection,
            self.account,
            self.livemode,
            migrations=self.migrations,
            expect_head=expect_head,
            anchors=anchors,
        )

    def verify_partly(self, turn: int) -> Verification:
        """Proves what can be proven in a second: a small ledger whole, of a large one the newest and a part."""
        return verify_partly(self.connection, self.account, self.livemode, migrations=self.migrations, turn=turn)

    def _entry_rows(
        self, terms: Sequence[tuple[str, object]], order: str = "id", limit: int | None = None
    ) -> sqlite3.Cursor:
        return self._rows(rows.ENTRY_COLUMNS, "credit_transactions", terms, order, limit)

    def _rows(
        self,
        columns: Sequence[str],
        table: str,
        terms: Sequence[tuple[str, object]],
        order: str = "id",
        limit: int | None = None,
    ) -> sqlite3.Cursor:
        """The rows of a table that meet every term whose value is not None."""
        used = [(term, value) for term, value in terms if value is not None]
        where = " AND ".join(term for term, _ in used) or "1"
        query = select(columns, table, f"WHERE {where} ORDER BY {order} LIMIT ?")
        return self.connection.execute(query, (*(value for _, value in used), -1 if limit is None else limit))
