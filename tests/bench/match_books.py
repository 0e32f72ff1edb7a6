"""Books for the bench of matching: what a great many payments are worth, and entries of which a few differ."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from creditctl.core.entitlement.facts import RefundFact, SessionFacts
from creditctl.ledger.archive.store import Archive
from creditctl.ledger.matching.worth import Worth
from creditctl.ledger.matching.worth_store import WorthStore
from creditctl.ledger.rows import ENTRY_COLUMNS
from creditctl.ledger.sqlite.statements import insert
from creditctl.ledger.store import Ledger
from creditctl.payments.facts import IntentFacts, PaymentFacts, SoldSession

ACCOUNT = "acct_bench"
SINCE = 1_600_000_000
USERS = 200_000
REFUNDED = 50
"""Of so many payments one was refunded in part."""
CREDITS, AMOUNT, BACK = 1000, 1000, 400
KINDS = (
    "missing_credit",
    "duplicate_credit",
    "wrong_amount",
    "wrong_user",
    "orphan_credit",
    "refund_not_taken",
    "refund_over_taken",
    "clawback_wrong_user",
)
DIGEST = "bench"


@dataclass(frozen=True)
class Books:
    """So many payments, and entries with so many differences of each kind.

    Shape: the n-th payment is made up from its number alone, so that nothing has to be kept to judge it.
    """

    folder: Path
    payments: int
    of_each: int

    @property
    def ledger(self) -> Path:
        """The file with the entries."""
        return self.folder / "ledger.db"

    @property
    def archive(self) -> Path:
        """The file with what the payments are worth."""
        return self.folder / "ledger-archive.db"

    def kind(self, n: int) -> str | None:
        """What is wrong with the n-th payment: they are spread over all, a refunded one where that is needed."""
        place, rest = divmod(n, self._step)
        if rest or not 0 < place <= self.of_each * len(KINDS):
            return None
        return KINDS[place % len(KINDS)]

    @property
    def _step(self) -> int:
        return self.payments // (self.of_each * len(KINDS) + 1)

    def refunded(self, n: int) -> bool:
        """Whether the n-th payment was refunded in part."""
        kind = self.kind(n)
        return kind in ("refund_not_taken", "clawback_wrong_user") or (kind is None and n % REFUNDED == 7)

    def planted(self) -> set[tuple[str, str]]:
        """Code and payment of every difference."""
        numbers = range(self._step, self.payments, self._step)
        found = ((self.kind(n), key(n)) for n in numbers)
        return {(kind, f"{name}x" if kind == "orphan_credit" else name) for kind, name in found if kind is not None}

    def worths(self) -> Iterator[Worth]:
        """What every payment is worth."""
        return map(self.worth, range(self.payments))

    def worth(self, n: int) -> Worth:
        """What the n-th payment is worth."""
        made, back = SINCE + 60 * n, BACK if self.refunded(n) else 0
        sold = (user(n), CREDITS, AMOUNT, AMOUNT, "usd", "starter", made, made)
        return Worth(key(n), session(n), 0, *sold, int(back > 0), back, back, None if back else made)

    def entries(self) -> Iterator[tuple[object, ...]]:
        """Every entry, as a row without its number."""
        for n in range(self.payments):
            yield from self._entries_of(n)

    def _entries_of(self, n: int) -> Iterator[tuple[object, ...]]:
        kind, who = self.kind(n), user(n)
        if kind != "missing_credit":
            credits = CREDITS - 1 if kind == "wrong_amount" else CREDITS
            yield _entry(n, "thief" if kind == "wrong_user" else who, "purchase", credits, key(n))
        if kind == "duplicate_credit":
            yield _entry(n, who, "purchase", CREDITS, key(n), "again")
        if kind == "orphan_credit":
            yield _entry(n, f"x{who}", "purchase", CREDITS, f"{key(n)}x")
        if kind == "refund_over_taken" or (self.refunded(n) and kind != "refund_not_taken"):
            yield _entry(n, "other" if kind == "clawback_wrong_user" else who, "refund", -BACK, key(n))

    def facts(self, name: str) -> PaymentFacts:
        """What Stripe says of a payment, as it would be read of the archive."""
        if name.endswith("x"):
            return PaymentFacts(name, absent=True)
        n = int(name.removeprefix("pi_"))
        made = SINCE + 60 * n
        metadata = {"managed_by": "creditctl", "user_id": user(n), "package": "starter", "credits": str(CREDITS)}
        said = ("complete", "paid", "payment", AMOUNT, AMOUNT, "usd", name, user(n), metadata, False, made)
        refund = RefundFact(refund_id(n), name, None, BACK, "usd", "succeeded", made + 5, made + 5)
        intent = IntentFacts(name, "succeeded", AMOUNT, "usd", metadata, made)
        facts = (refund,) if self.refunded(n) else ()
        return PaymentFacts(name, SoldSession(SessionFacts(session(n), *said)), intent, facts)

    def write(self) -> int:
        """Writes both files; gives the number of entries."""
        with Archive.open(self.archive, account=ACCOUNT, livemode=False) as archive:
            store = WorthStore(archive)
            store.prepare()
            store.replace(self.worths(), DIGEST)
        with Ledger.open(self.ledger, account=ACCOUNT, livemode=False, clock=lambda: SINCE):
            pass
        with closing(sqlite3.connect(self.ledger)) as connection, connection:
            rows = ((number, *row) for number, row in enumerate(self.entries(), 1))
            connection.executemany(insert("credit_transactions", ENTRY_COLUMNS), rows)
            return int(connection.execute("SELECT count(*) FROM credit_transactions").fetchone()[0])


def key(n: int) -> str:
    """The n-th payment intent."""
    return f"pi_{n:024}"


def session(n: int) -> str:
    """The session of the n-th payment."""
    return f"cs_test_{n:024}"


def refund_id(n: int) -> str:
    """The refund of the n-th payment."""
    return f"re_{n:024}"


def user(n: int) -> str:
    """Who paid the n-th payment."""
    return f"user_{n % USERS:07}"


def _entry(n: int, who: str, kind: str, credits: int, payment: str, again: str = "") -> tuple[object, ...]:
    """A row in ENTRY_COLUMNS after its number; its hash is none, for nobody verifies it here."""
    made, back = SINCE + 60 * n, kind == "refund"
    subject = refund_id(n) if back else session(n)
    amount = credits if back else AMOUNT
    said = (made, made, who, kind, credits, amount, "usd", payment, session(n), subject, "starter")
    return (*said, f"{kind}:{payment}{again}", f"evt_{n:024}", None, ACCOUNT, 0, None, f"{n:064x}")


def write_parquet(books: Books) -> None:
    """Writes the columns that are compared as Parquet files, for DuckDB."""
    import duckdb

    columns = "payment_key AS payment, user_id, kind, credits, amount, currency, package"
    worth = "payment, user_id, credits, amount, currency, package, taken, returned"
    with duckdb.connect() as target:
        for name, path, query in (
            ("entries", books.ledger, f"SELECT {columns} FROM credit_transactions"),
            ("worth", books.archive, f"SELECT {worth} FROM worth"),
        ):
            _as_csv(path, query, books.folder / f"{name}.csv")
            target.execute(
                f"COPY (SELECT * FROM read_csv('{books.folder}/{name}.csv', header = true)) "
                f"TO '{books.folder}/{name}.parquet' (FORMAT parquet)"
            )


def _as_csv(path: Path, query: str, target: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, target.open("w", newline="", encoding="utf-8") as file:
        rows = connection.execute(query)
        writer = csv.writer(file)
        writer.writerow(column[0] for column in rows.description)
        writer.writerows(rows)
