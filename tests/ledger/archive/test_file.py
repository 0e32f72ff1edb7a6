"""Archive file: settings, locks, and several processes at one file."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from creditctl.core.errors import LockHeld
from creditctl.ledger.archive.models import EventQuery
from creditctl.ledger.archive.store import Archive
from tests.support.archives import keep, record


def test_a_setting_is_written_once(archive: Archive) -> None:
    assert archive.meta("listen_secret") is None
    assert archive.keep_meta("listen_secret", "first") == "first"
    assert archive.keep_meta("listen_secret", "second") == "first"


def test_a_lock_is_held_by_one(archive: Archive) -> None:
    with archive.lock("archive", "An archive run"):
        with (
            pytest.raises(LockHeld, match="An archive run is going on already"),
            archive.lock("archive", "An archive run"),
        ):
            pass
        with archive.lock("replay", "A replay"):
            pass
    with archive.lock("archive", "An archive run"):
        pass


def test_processes_that_make_and_fill_one_archive_at_once_keep_each_event_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=fill, args=(str(tmp_path / "m.db"),)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    with Archive.open(tmp_path / "m.db", account="acct_1", livemode=False) as archive:
        assert sorted(archive.ids(EventQuery())) == sorted(f"evt_{number}" for number in range(200))


def fill(path: str) -> None:
    with Archive.open(Path(path), account="acct_1", livemode=False) as archive:
        for start in range(0, 200, 20):
            keep(archive, *(record(number) for number in range(start, start + 20)))
