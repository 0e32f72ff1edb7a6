"""One way of matching in a process of its own: prints how many differences it found, its seconds and its memory.

Usage: python -m tests.bench.match_run WAY FOLDER PAYMENTS OF_EACH
prints: found processor-seconds seconds peak-megabytes. WAY is probes, duckdb (over Parquet files) or loop.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path

from creditctl.core.catalog import parse_catalog
from creditctl.core.entitlement.entry import CreditEntry
from creditctl.ledger.matching.probes import Probes, Suspects
from creditctl.ledger.store import Ledger
from creditctl.payments.case import PaymentCase
from creditctl.payments.finding_codes import PREFIX
from creditctl.payments.judgement.unexplained import judge_together
from creditctl.payments.ledger_entries import LedgerEntries
from creditctl.payments.verdict import JudgementContext
from tests.bench.bench_tools import peak_megabytes
from tests.bench.match_books import SINCE, Books

CATALOG = parse_catalog(
    'currency = "usd"\n[[package]]\nnumber = 1\nslug = "starter"\nname = "Starter"\ncredits = 1000\namount = 1000\n'
)
GRACE = 900
Found = set[tuple[str, str]]

ACROSS = """
    WITH taken AS (
        SELECT payment, sum(credits) AS credits, sum(amount) AS amount, min(user_id) AS first, max(user_id) AS last
        FROM read_parquet('{folder}/entries.parquet') WHERE kind = 'refund' GROUP BY payment
    ), given AS (
        SELECT payment, count(*) AS entries, sum(credits) AS credits, sum(amount) AS amount,
            min(user_id) AS first, max(user_id) AS last, min(currency) AS currency, min(package) AS package
        FROM read_parquet('{folder}/entries.parquet') WHERE kind = 'purchase' GROUP BY payment
    )
    SELECT coalesce(w.payment, g.payment, t.payment) FROM read_parquet('{folder}/worth.parquet') w
    FULL OUTER JOIN given g ON g.payment = w.payment
    FULL OUTER JOIN taken t ON t.payment = coalesce(w.payment, g.payment)
    WHERE w.payment IS NULL OR g.payment IS NULL OR g.entries <> 1 OR g.first <> w.user_id OR g.credits <> w.credits
        OR g.amount <> w.amount OR g.currency <> w.currency OR g.package <> w.package
        OR coalesce(t.credits, 0) <> -w.taken OR coalesce(t.amount, 0) <> -w.returned
        OR t.first <> w.user_id OR t.last <> w.user_id
"""
"""The same comparison as DuckDB does it best: both sides grouped and joined as wholes."""


def main(way: str, books: Books) -> None:
    """Matches once and prints what it took."""
    if way == "duckdb":
        import duckdb  # noqa: F401 - loading it is no part of the match
    began, processor = time.perf_counter(), time.process_time()
    found = WAYS[way](books)
    print(found, time.process_time() - processor, time.perf_counter() - began, peak_megabytes())


def by_probes(books: Books) -> int:
    """Probes find the suspects, and the judgement names them; wrong names count as nothing found."""
    return len(found_by_probes(books) & books.planted())


def found_by_probes(books: Books) -> Found:
    """Code and payment of everything that is found."""
    return found_among(books, probes(books).run())


def probes(books: Books) -> Probes:
    """The probes over both files."""
    return Probes(books.archive, books.ledger, False, GRACE)


def found_among(books: Books, suspects: Suspects) -> Found:
    """Code and payment of everything that the judgement finds among suspects."""
    with (
        Ledger.open(books.ledger, account=None, livemode=None, clock=lambda: SINCE) as ledger,
        ledger.reading() as view,
    ):
        entries = LedgerEntries(view)
        strange = {entry.payment_key for entry in entries.numbered(suspects.unexplained)}
        keys = suspects.payments | {name for name in strange if name is not None}
        return judged(books, keys, by_payment(entries.called(keys)))


def judged(books: Books, keys: Iterable[str], lines: Mapping[str, list[CreditEntry]]) -> Found:
    """What the judgement says of payments: what a run does with its suspects."""
    now = SINCE + 60 * books.payments + 10 * GRACE
    context = JudgementContext(CATALOG, False, now, now)
    cases = [PaymentCase.of(books.facts(key), lines.get(key, ()), {}) for key in sorted(keys)]
    verdicts = judge_together(cases, context)
    pairs = ((case, found) for case, verdict in zip(cases, verdicts, strict=True) for found in verdict.found)
    return {(found.finding.code.removeprefix(PREFIX), case.key) for case, found in pairs}


def by_payment(entries: Iterable[CreditEntry]) -> dict[str, list[CreditEntry]]:
    """Entries by the payment that they name, in order."""
    lines: dict[str, list[CreditEntry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda each: each.id):
        lines[str(entry.payment_key)].append(entry)
    return lines


def by_duckdb(books: Books) -> int:
    """DuckDB over Parquet files of the same rows."""
    import duckdb

    with duckdb.connect() as connection:
        return len(connection.execute(ACROSS.format(folder=books.folder)).fetchall())


def by_loop(books: Books) -> int:
    """Dictionaries of both sides, compared in a loop: what one writes first."""
    said = "payment_key, user_id, kind, credits, amount, currency, package"
    with closing(sqlite3.connect(books.ledger)) as connection:
        given: dict[str, list[tuple[object, ...]]] = {}
        taken: dict[str, list[tuple[str, int, int]]] = {}
        for name, user, kind, credits, amount, currency, package in connection.execute(
            f"SELECT {said} FROM credit_transactions"
        ):
            if kind == "purchase":
                given.setdefault(name, []).append((user, credits, amount, currency, package))
            else:
                taken.setdefault(name, []).append((user, credits, amount))
    with closing(sqlite3.connect(books.archive)) as connection:
        query = "SELECT payment, user_id, credits, amount, currency, package, taken, returned FROM worth"
        worths = {row[0]: row[1:] for row in connection.execute(query)}
    wrong = {name for name in (*given, *taken) if name not in worths}
    for name, (*sold, credits, amount) in worths.items():
        back = taken.get(name, [])
        sums = (-sum(each[1] for each in back), -sum(each[2] for each in back))
        if given.get(name) != [tuple(sold)] or sums != (credits, amount) or any(each[0] != sold[0] for each in back):
            wrong.add(name)
    return len(wrong)


WAYS: Mapping[str, Callable[[Books], int]] = {"probes": by_probes, "duckdb": by_duckdb, "loop": by_loop}


if __name__ == "__main__":
    main(sys.argv[1], Books(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
