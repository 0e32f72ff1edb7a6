"""An import writes each row once, whatever stops it, and leaves a chain that anybody can recompute."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.core.errors import LedgerError
from creditctl.ledger.models import Entry
from creditctl.ledger.store import Ledger
from creditctl.sources.importer import OVERLAP_ROWS, Spool
from creditctl.sources.values.bad_value import BadRow
from tests.support.clock import NOW
from tests.support.imports import Rows, job, row, run
from tests.support.ledger_calls import adjusted, read
from tests.support.ledgers import OpenLedger


def test_rows_become_entries_in_their_order_with_a_whole_chain(ledger: Ledger) -> None:
    report = run(ledger, Rows([row(n) for n in range(1, 24)]), batch_rows=10)

    assert (report.read, report.new, report.refused) == (23, 23, 0)
    assert [entry.payment_key for entry in read(ledger).entries()] == [f"pi_{n}" for n in range(1, 24)]
    assert [entry.idempotency_key for entry in read(ledger).entries(limit=2)] == ["import:app:1", "import:app:2"]
    assert read(ledger).verify().ok
    assert read(ledger).head().count == 23


def test_the_counts_say_what_was_written(ledger: Ledger) -> None:
    refund = row(2, kind="refund", credits=-400, amount=-400, payment_key="pi_1")

    report = run(ledger, Rows([row(1), refund, row(3, amount=0, currency=None)]))

    assert report.rows_by_kind == {"purchase": 2, "refund": 1}
    assert report.credits_by_kind == {"purchase": 2000, "refund": -400}
    assert report.amounts == {"usd": 600}
    assert [sample["payment_key"] for sample in report.samples] == ["pi_1", "pi_1", "pi_3"]


def test_checking_writes_nothing(ledger: Ledger) -> None:
    with Spool(ledger.path.parent) as spool:
        report = job(ledger, Rows([row(1)])).check(spool)

    assert (report.new, read(ledger).count()) == (1, 0)


def test_a_second_import_writes_only_what_is_new(ledger: Ledger) -> None:
    run(ledger, Rows([row(1), row(2)]))

    report = run(ledger, Rows([row(1), row(2), row(3)]))

    assert (report.new, report.existing, read(ledger).count()) == (1, 2, 3)


def test_the_next_import_goes_on_a_little_before_the_last_row(ledger: Ledger) -> None:
    last = OVERLAP_ROWS + 500
    run(ledger, Rows([row(9), row(last)]))
    source = Rows([row(9), row(499), row(600), row(last), row(last + 1)])

    report = run(ledger, source)

    assert (source.asked, report.resumed_after) == ([500], 500)
    assert (report.read, report.new, report.existing) == (3, 2, 1)
    assert [entry.payment_key for entry in read(ledger).entries()] == [
        "pi_9",
        f"pi_{last}",
        "pi_600",
        f"pi_{last + 1}",
    ]


def test_a_full_import_reads_everything_again(ledger: Ledger) -> None:
    run(ledger, Rows([row(OVERLAP_ROWS * 2)]))

    report = run(ledger, Rows([row(1), row(OVERLAP_ROWS * 2)]), full=True)

    assert (report.resumed_after, report.new, report.existing) == (None, 1, 1)


def test_bad_rows_are_named_and_the_good_ones_go_in(ledger: Ledger) -> None:
    source = Rows([row(1), row(2, amount=10.0), BadRow("it is not JSON"), row(4)])

    report = run(ledger, source)

    assert (report.bad, report.new) == (2, 2)
    assert [finding.message for finding in report.findings] == [
        "line 3: amount 10.0 is not a whole number, in minor units (cents) of the currency",
        "line 4: it is not JSON",
    ]


def test_rows_of_the_other_mode_are_bad_unless_they_are_passed_over(ledger: Ledger) -> None:
    source = Rows([row(1), row(2, livemode=True)])

    with Spool(ledger.path.parent) as spool:
        refused = job(ledger, source).check(spool)
        passed = job(ledger, source, skip_other_mode=True).check(spool)

    assert (refused.bad, refused.other_mode) == (1, 0)
    assert (passed.bad, passed.other_mode, passed.findings) == (0, 1, [])


def test_others_write_between_the_batches(ledger: Ledger) -> None:
    """A batch appends after whatever is last, not after what was last when the import began."""
    counts: list[int] = []

    def progress(count: int) -> None:
        counts.append(count)
        adjusted(ledger, user_id="other", credits=1, reason="meanwhile", key=f"k{len(counts)}")

    with Spool(ledger.path.parent) as spool:
        work = job(ledger, Rows([row(n) for n in range(1, 31)]), batch_rows=10)
        checked = work.check(spool)
        dataclasses.replace(work, progress=progress).load(spool, checked)

    assert counts == [10, 20, 30]
    assert (read(ledger).count(), read(ledger).balance("other")) == (33, 3)
    assert read(ledger).verify().ok


def test_two_imports_of_one_source_at_once_write_each_row_once(open_ledger: OpenLedger, ledger: Ledger) -> None:
    rows = [row(n) for n in range(1, 301)]
    threads = [
        threading.Thread(target=run, args=(each, Rows(rows)), kwargs={"batch_rows": 20})
        for each in (ledger, open_ledger())
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert read(ledger).count() == 300
    assert read(ledger).verify().ok


def test_a_full_disk_leaves_whole_batches(path: Path, open_ledger: OpenLedger) -> None:
    small = open_ledger(on_connect=lambda connection: connection.execute("PRAGMA max_page_count = 60"))
    rows = [row(n) for n in range(1, 2001)]

    with pytest.raises(LedgerError, match="no room left"):
        run(small, Rows(rows), batch_rows=100)
    small.close()
    large = open_ledger()

    kept = read(large).count()
    report = run(large, Rows(rows))

    assert 0 < kept < 2000
    assert kept % 100 == 0
    assert (report.existing, report.new) == (kept, 2000 - kept)
    assert read(large).verify().ok


KILLED = """
import os, signal, sys
sys.path.insert(0, {here!r})
from pathlib import Path
from tests.support.clock import NOW
from tests.support.imports import Rows, job, row
from creditctl.sources.importer import Spool
from creditctl.ledger.store import Ledger

steps = 0
def count(_sql):
    global steps
    steps += 1
    if steps == {point}:
        os.kill(os.getpid(), signal.SIGKILL)

ledger = Ledger.open(Path({path!r}), account="acct_1", livemode=False, clock=lambda: NOW,
                     on_connect=lambda connection: connection.set_trace_callback(count))
with Spool(ledger.path.parent) as spool:
    work = job(ledger, Rows([row(n) for n in range(1, 13)]), batch_rows=4)
    work.load(spool, work.check(spool))
"""


@pytest.mark.parametrize("point", [12, 17, 20, 24, 29, 33])
def test_an_import_that_was_killed_is_taken_up_where_it_stopped(
    tmp_path: Path, open_ledger: OpenLedger, point: int
) -> None:
    """The process is killed before a chosen SQL statement; then the same import runs again."""
    path = tmp_path / "killed.db"
    open_ledger(path=path).close()
    code = KILLED.format(here=str(Path(__file__).parent), path=str(path), point=point)

    died = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": os.getcwd()}, check=False)
    ledger = open_ledger(path=path)
    before = read(ledger).count()
    run(ledger, Rows([row(n) for n in range(1, 13)]))

    assert died.returncode == -signal.SIGKILL
    assert before % 4 == 0
    assert [entry.payment_key for entry in read(ledger).entries()] == [f"pi_{n}" for n in range(1, 13)]
    assert read(ledger).verify().ok
    assert sorted(each.name for each in tmp_path.iterdir() if "killed" not in each.name) == []


@given(st.lists(st.integers(1, 40), unique=True, max_size=40), st.integers(1, 9), st.integers(0, 40))
def test_any_order_in_any_batches_and_runs_ends_in_the_same_content(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], batch_rows: int, cut: int
) -> None:
    path = tmp_path_factory.mktemp("import") / "ledger.db"
    with Ledger.open(path, account="acct_1", livemode=False, clock=lambda: NOW) as ledger:
        run(ledger, Rows([row(n) for n in order[:cut]], numbered=False), batch_rows=batch_rows)
        run(ledger, Rows([row(n) for n in order], numbered=False), batch_rows=batch_rows)
        entries: list[Entry] = read(ledger).entries()
        ok = read(ledger).verify().ok

    assert ok
    assert [entry.payment_key for entry in entries] == [f"pi_{n}" for n in order]
