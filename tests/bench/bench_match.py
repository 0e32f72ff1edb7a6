"""Matching a great many payments with their entries: probes beside DuckDB over Parquet and beside a loop; one night."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from creditctl.ledger.archive.store import Archive
from creditctl.ledger.matching.suspect_store import SuspectStore
from creditctl.ledger.matching.worth_store import WorthStore
from tests.bench.bench_tools import Row, part
from tests.bench.match_books import DIGEST, KINDS, Books, key, write_parquet
from tests.bench.match_run import found_among, found_by_probes, probes

PAYMENTS = 1_000_000
OF_EACH = 167
"""How many differences there are of each of eight kinds."""
TOUCHED = 10_000
MOST_MEGABYTES = 64
ROUNDS = 3


class Taken(NamedTuple):
    """What one way took. Units: processor and wall seconds, megabytes."""

    found: int
    processor: float
    wall: float
    megabytes: float


def rows(share: float = 1.0) -> Iterable[Row]:
    """Rows: the match beside DuckDB and a loop, its memory, what was found, and the local work of one night."""
    with tempfile.TemporaryDirectory(prefix="creditctl-bench-") as folder:
        books = Books(Path(folder), part(PAYMENTS, share, least=2000), part(OF_EACH, share, least=2))
        name = f"match of {books.payments:,} payments, {books.write():,} entries"
        assert found_by_probes(books) == books.planted(), "all found, and none invented"
        ours = median(books, "probes")
        if find_spec("duckdb") is not None:
            write_parquet(books)
            yield compared(f"{name}, processor s", "DuckDB over Parquet", ours, median(books, "duckdb"), "<= 2")
        loop = median(books, "loop")
        yield compared(f"{name}, processor s", "a dictionary loop", ours, loop, "<= 0.33")
        share_of = ours.megabytes / MOST_MEGABYTES
        yield Row("its peak MB, interpreter and all", "the limit", f"{ours.megabytes:.0f}", "64", share_of, "<= 1")
        planted = len(KINDS) * books.of_each
        found = len(found_by_probes(books) & books.planted())
        yield Row("differences found, of eight kinds", "planted", f"{found:,}", f"{planted:,}", found / planted, "1")
        seconds = night(books, part(TOUCHED, share, least=20))
        yield Row(
            f"a night's match, {part(TOUCHED, share, least=20):,} touched, s",
            "a second",
            f"{seconds:.2f}",
            "1",
            seconds,
            "<= 1",
        )


def median(books: Books, way: str) -> Taken:
    """The median of some runs, each in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.match_run", way, str(books.folder)]
    command += [str(books.payments), str(books.of_each)]
    answers = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(ROUNDS)]
    taken = sorted((_taken(answer) for answer in answers), key=lambda each: each.processor)
    assert all(each.found == len(books.planted()) for each in taken), taken
    return taken[len(taken) // 2]


def _taken(answer: str) -> Taken:
    found, *numbers = answer.split()
    return Taken(int(found), *map(float, numbers))


def compared(measured: str, against: str, ours: Taken, theirs: Taken, goal: str) -> Row:
    """One way beside another, by the time of the processor: on a busy machine the wall says more of others."""
    ratio = ours.processor / theirs.processor
    return Row(measured, against, f"{ours.processor:.2f}", f"{theirs.processor:.2f}", ratio, goal)


def night(books: Books, touched: int) -> float:
    """The processor seconds of one night: so many payments are worth something else, and are asked about.

    Shape: all suspects of the night before are asked about and judged again.
    """
    step = max(1, books.payments // touched)
    numbers = range(0, books.payments, step)
    changed = [books.worth(n)._replace(package="again") for n in numbers]
    with Archive.open(books.archive, account=None, livemode=None) as archive:
        store, suspects = WorthStore(archive), SuspectStore(archive)
        suspects.prepare()
        suspects.refreshed(probes(books), DIGEST)
        store.update(changed, DIGEST)
        suspects.refreshed(probes(books), DIGEST)
        started = time.process_time()
        store.update(map(books.worth, numbers), DIGEST, handled=[key(n) for n in numbers])
        found = found_among(books, suspects.refreshed(probes(books), DIGEST))
        seconds = time.process_time() - started
        assert found == books.planted(), "all found, and none invented"
        return seconds
