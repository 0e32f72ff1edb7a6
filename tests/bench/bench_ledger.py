"""The ledger's ways in and out, beside the least that could be done: a bare commit, an executemany, an empty route.

What is measured is on disk: every commit survives a power loss (`synchronous=FULL`), as in production.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import itertools
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from creditctl.ledger.store import Ledger
from creditctl.sources.files import open_file
from creditctl.sources.importer import Import, Spool
from creditctl.sources.row import RowReader
from creditctl.sources.source import ColumnMap
from tests.bench.bench_tools import Row, alternate, part, per_second
from tests.bench.ledger_server import PATH, Delivery, deliveries, webhook_on
from tests.support.clock import NOW

COMMITS, COMMIT_ROUNDS = 200, 7
IMPORT_ROWS, IMPORT_ROUNDS = 100_000, 3
LARGE_ROWS, USERS, BALANCES = 1_000_000, 50_000, 2000
REQUESTS, REQUEST_ROUNDS = 200, 5
CONNECTIONS, EACH = 50, 20

HEADER = ("id", "created", "user_id", "kind", "credits", "amount", "currency", "payment_key", "package", "livemode")

_numbers = itertools.count(1)


def rows(share: float = 1.0) -> Iterable[Row]:
    """Commits, HTTP, bulk import, and one balance among a million entries."""
    with tempfile.TemporaryDirectory(prefix="creditctl-bench-") as folder:
        yield commits(Path(folder), share)
        yield from over_http(Path(folder), share)
        yield bulk_import(Path(folder), share)
        yield one_balance(Path(folder), share)


def commits(folder: Path, share: float) -> Row:
    """Verify, decide and commit against one small row and its commit."""
    webhook = webhook_on(folder / "webhook.db")
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = FULL")
    bare.execute("CREATE TABLE entries (id INTEGER PRIMARY KEY, user_id TEXT, credits INTEGER, payment_key TEXT)")
    count, rounds = part(COMMITS, share), part(COMMIT_ROUNDS, share)
    batches = [deliveries(count * k, count) for k in range(rounds)]
    waiting = iter(batches)

    def ours() -> None:
        for body, header in next(waiting):
            if webhook.receive(body, header).outcome != "posted":
                raise RuntimeError("the webhook did not post")

    def theirs() -> None:
        for _ in range(count):
            bare.execute("BEGIN IMMEDIATE")
            bare.execute("INSERT INTO entries (user_id, credits, payment_key) VALUES ('u', 1000, 'pi_1')")
            bare.execute("COMMIT")

    first, second = (per_second(each, count) for each in alternate(ours, theirs, rounds))
    bare.close()
    return Row(
        "webhook: verify, decide, commit", "bare SQLite commit", f"{first:,.0f}/s", f"{second:,.0f}/s", first / second,
        ">= 0.6",
    )  # fmt: skip


def over_http(folder: Path, share: float) -> Iterator[Row]:
    """One connection, then fifty at once, against a FastAPI route that does nothing in a process of its own."""
    with server("webhook", folder) as ours, server("nothing", folder) as theirs:
        count, rounds = part(REQUESTS, share), part(REQUEST_ROUNDS, share)
        waiting = iter([deliveries(next(_numbers) * 100_000, count) for _ in range(2 * rounds)])
        seconds = alternate(
            lambda: asyncio.run(send_all(ours, next(waiting))),
            lambda: asyncio.run(send_all(theirs, next(waiting))),
            rounds,
        )
        first, second = (per_second(each, count) for each in seconds)
        yield Row("webhook over HTTP", "FastAPI doing nothing", f"{first:,.0f}/s", f"{second:,.0f}/s", first / second,
                  "none set")  # fmt: skip
        mine, others = (
            statistics.median(p99(port, part(EACH, share)) for _ in range(part(3, share))) for port in (ours, theirs)
        )
        yield Row(f"webhook, p99 at {CONNECTIONS} at once", "FastAPI doing nothing", f"{mine * 1000:.0f} ms",
                  f"{others * 1000:.0f} ms", mine / others, "small")  # fmt: skip


def bulk_import(folder: Path, share: float) -> Row:
    """A CSV file into the ledger, checked and chained, against executemany of ready rows into the same tables."""
    path = folder / "app.csv"
    count = part(IMPORT_ROWS, share)
    write_csv(path, count)
    ready = [ready_row(n) for n in range(1, count + 1)]

    def ours() -> None:
        with new_ledger(folder) as ledger:
            import_file(ledger, path)

    def theirs() -> None:
        with new_ledger(folder) as ledger:
            plain_insert(ledger.path, ready)

    first, second = (per_second(each, count) for each in alternate(ours, theirs, part(IMPORT_ROUNDS, share)))
    return Row("ledger import of a CSV file", "plain executemany", f"{first:,.0f}/s", f"{second:,.0f}/s",
               first / second, ">= 0.4")  # fmt: skip


def one_balance(folder: Path, share: float) -> Row:
    """The median time of one user's balance in a large ledger."""
    path = folder / "large.csv"
    users = part(USERS, share)
    count = users * LARGE_ROWS // USERS
    write_csv(path, count, users)
    with new_ledger(folder) as ledger:
        import_file(ledger, path)
        taken = []
        for n in range(part(BALANCES, share)):
            start = time.perf_counter()
            with ledger.reading() as view:
                credits = view.balance(user_of(n * 31, users))
            taken.append(time.perf_counter() - start)
            if credits != LARGE_ROWS // USERS * 1000:
                raise RuntimeError("that is not the balance")
    median = statistics.median(taken) * 1000
    return Row(f"balance among {count:,} entries", "one millisecond", f"{median:.3f} ms", "1 ms", median, "< 1")


@contextlib.contextmanager
def new_ledger(folder: Path) -> Iterator[Ledger]:
    path = folder / f"ledger-{next(_numbers)}.db"
    with Ledger.open(path, account="acct_1", livemode=False, clock=lambda: NOW) as ledger:
        yield ledger
    path.unlink()


def import_file(ledger: Ledger, path: Path) -> None:
    source = open_file(path, ColumnMap(), format=None, name="app", delimiter=None)
    work = Import(ledger, source, RowReader("app", source.row_field, "acct_1", False, {}))
    with Spool(path.parent) as spool:
        report = work.load(spool, work.check(spool))
    if report.refused or not report.new:
        raise RuntimeError(f"the import refused {report.refused} rows")


def plain_insert(path: Path, ready: list[tuple[Any, ...]]) -> None:
    """The same table and indexes without triggers and chain, and as many commits."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    for name in ("no_update", "no_delete", "append"):
        connection.execute(f"DROP TRIGGER credit_transactions_{name}")
    for start in range(0, len(ready), 5000):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            f"INSERT INTO credit_transactions VALUES ({','.join('?' * 19)})", ready[start : start + 5000]
        )
        connection.execute("COMMIT")
    connection.close()


def user_of(n: int, users: int = USERS) -> str:
    return f"user{n * 7919 % users}"


def write_csv(path: Path, count: int, users: int = USERS) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for n in range(1, count + 1):
            writer.writerow(
                [n, NOW + n, user_of(n, users), "purchase", 1000, 1000, "usd", f"pi_{n:024d}", "starter", "false"]
            )


def ready_row(n: int) -> tuple[Any, ...]:
    told = (None, None, "starter", f"import:app:{n}", None, None, "acct_1", 0, None, f"{n:064x}")
    return (n, NOW, NOW + n, user_of(n), "purchase", 1000, 1000, "usd", f"pi_{n:024d}", *told)


@contextlib.contextmanager
def server(kind: str, folder: Path) -> Iterator[int]:
    """The port of a server in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.ledger_server", kind, str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    try:
        yield int(process.stdout.readline())  # type: ignore[union-attr]
    finally:
        process.terminate()
        process.communicate(timeout=30)


async def send_all(port: int, waiting: list[Delivery]) -> list[float]:
    """Sends deliveries over one connection, one after the other, and says how long each took."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    taken = []
    for body, header in waiting:
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nStripe-Signature: {header}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        start = time.perf_counter()
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        taken.append(time.perf_counter() - start)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(answer.decode(errors="replace"))
    writer.close()
    await writer.wait_closed()
    return taken


def p99(port: int, each: int) -> float:
    """The time within which 99 of 100 deliveries are answered while as many as there are connections are waiting."""

    every = deliveries(next(_numbers) * 100_000, CONNECTIONS * each)

    async def crowd() -> list[float]:
        parts = [every[k::CONNECTIONS] for k in range(CONNECTIONS)]
        return list(itertools.chain(*await asyncio.gather(*(send_all(port, part) for part in parts))))

    return statistics.quantiles(asyncio.run(crowd()), n=100)[98]
