"""Location of the archive and takeover of an older layout: nothing is lost by a kill, a rival or a second file."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from creditctl.atomic_file import FileCalls
from creditctl.core.errors import LedgerError, LockHeld
from creditctl.ledger.archive.location import archive_exists, archive_path, take_over_older
from creditctl.ledger.archive.models import EventQuery, EventRecord
from creditctl.ledger.archive.store import Archive
from creditctl.ledger.sqlite.file_lock import hold_lock
from tests.support.users import ordinary_user

COUNT = 30


def keep(archive: Archive, first: int, last: int) -> None:
    page = [EventRecord(f"evt_{n}", n, "charge.refunded", None, None, None, None, b"{}") for n in range(first, last)]
    archive.store(archive.begin("read", 1, None), page, finished=1)


def fill(path: Path) -> None:
    with Archive.open(path, account="acct_1", livemode=False) as archive:
        keep(archive, 0, COUNT)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the archive belongs."""
    return archive_path(tmp_path / "credits.db")


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """An archive of the older layout, with events in it."""
    older = tmp_path / "credits-mirror.db"
    fill(older)
    return older


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def assert_whole(path: Path) -> None:
    """Opened as every command does it, the archive has all its events under its new name alone."""
    with Archive.open(path, account="acct_1", livemode=False, create=False) as archive:
        assert archive.ids(EventQuery()) == [f"evt_{n}" for n in range(COUNT)]
    assert names(path.parent) == [path.name]
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_lies_beside_the_ledger() -> None:
    assert archive_path(Path("/data/credits.db")) == Path("/data/credits-archive.db")


def test_an_older_file_is_taken_over_and_writes_on(path: Path, older: Path) -> None:
    (older.parent / f"{older.name}.archive.lock").touch()
    assert archive_exists(path)

    assert_whole(path)
    with Archive.open(path, account="acct_1", livemode=False) as archive:
        keep(archive, COUNT, COUNT + 1)
        assert archive.count() == COUNT + 1
        with archive.read_session() as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_what_a_killed_process_left_in_the_log_is_taken_along(path: Path, tmp_path: Path) -> None:
    older = tmp_path / "credits-mirror.db"
    run_killed(f"fill({str(older)!r}, close=False); kill()")
    assert names(tmp_path) == [older.name, f"{older.name}-shm", f"{older.name}-wal"]

    assert_whole(path)


@pytest.mark.parametrize("step", ["before_link", "after_link", "at_first_sync", "at_last_sync"])
def test_a_kill_at_any_step_leaves_an_archive_that_opens(path: Path, older: Path, step: str) -> None:
    run_killed(f"take_over({str(path)!r}, {step!r})")
    assert older.exists() or path.exists()

    assert_whole_but_for_locks(path)


def assert_whole_but_for_locks(path: Path) -> None:
    """A killed takeover leaves its lock file, which the system has let go of; where nothing was left to do it stays."""
    lock = path.with_name(f"{path.name}.takeover.lock")
    with Archive.open(path, account="acct_1", livemode=False, create=False):
        lock.unlink(missing_ok=True)
    assert_whole(path)


def run_killed(code: str) -> None:
    command = [sys.executable, "-c", f"from tests.ledger.archive.killed import *; {code}"]
    done = subprocess.run(command, cwd=Path(__file__).parents[3], check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_processes_that_open_it_at_once_all_find_every_event(path: Path, older: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        assert pool.map(count_events, [path] * 4) == [COUNT] * 4
    assert not older.exists()
    assert_whole(path)


def count_events(path: Path) -> int:
    with Archive.open(path, account="acct_1", livemode=False, create=False) as archive:
        return archive.count()


def test_one_that_is_open_elsewhere_is_left_alone(path: Path, older: Path) -> None:
    with Archive.open(older, account="acct_1", livemode=False) as busy:
        assert busy.count() == COUNT
        with pytest.raises(LedgerError, match="nothing was changed") as caught:
            take_over_older(path, wait_seconds=0.1)
        assert caught.value.code == "archive.in_use"
        assert not path.exists()
        keep(busy, COUNT, COUNT + 1)
    take_over_older(path)
    assert path.exists()


def test_a_takeover_that_goes_on_elsewhere_is_waited_for(path: Path, older: Path) -> None:
    with (
        hold_lock(path.with_name(f"{path.name}.takeover.lock"), "A test"),
        pytest.raises(LockHeld, match="Taking over an archive is going on already"),
    ):
        take_over_older(path, wait_seconds=0.1)
    assert older.exists()


def test_two_archives_are_both_left_as_they_are(path: Path, older: Path, tmp_path: Path) -> None:
    shutil.copy(older, tmp_path / "copy.db")
    fill(tmp_path / "new.db")
    (tmp_path / "new.db").rename(path)
    before = older.read_bytes(), path.read_bytes()

    with pytest.raises(LedgerError) as caught:
        Archive.open(path, account="acct_1", livemode=False)
    assert caught.value.code == "archive.two_files"
    assert "move the other away" in caught.value.fix
    assert (older.read_bytes(), path.read_bytes()) == before


def test_a_file_that_appears_in_the_last_moment_is_not_overwritten(path: Path, older: Path) -> None:
    def rival(source: Path, target: Path) -> None:
        target.write_text("a rival's")
        os.link(source, target)

    with pytest.raises(LedgerError) as caught:
        take_over_older(path, calls=FileCalls(link=rival))
    assert caught.value.code == "archive.not_renamed"
    assert path.read_text() == "a rival's"
    assert older.exists()


def test_an_empty_older_file_holds_nothing_and_counts_as_none(path: Path, tmp_path: Path) -> None:
    (tmp_path / "credits-mirror.db").touch()
    assert not archive_exists(path)
    fill(path)
    assert count_events(path) == COUNT


def test_another_program_s_database_is_left_alone(path: Path, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "credits-mirror.db") as other:
        other.execute("CREATE TABLE t (x)")
    with pytest.raises(LedgerError) as caught:
        take_over_older(path)
    assert caught.value.code == "archive.not_an_archive"
    (tmp_path / "credits-mirror.db").write_text("this is a text, and long enough to be read as a database" * 20)
    with pytest.raises(LedgerError) as caught:
        take_over_older(path)
    assert caught.value.code == "ledger.not_a_ledger"
    assert not path.exists()


def test_a_folder_that_may_not_be_written_is_said() -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to other users
        older, path = Path(name) / "credits-mirror.db", Path(name) / "credits-archive.db"
        fill(older)
        with ordinary_user(Path(name)):
            Path(name).chmod(0o500)
            with pytest.raises(LedgerError, match="could not be renamed") as caught:
                take_over_older(path)
            assert (caught.value.code, path.exists()) == ("archive.not_renamed", False)
            assert "right to write" in caught.value.fix
            Path(name).chmod(0o700)
        assert_whole(path)
