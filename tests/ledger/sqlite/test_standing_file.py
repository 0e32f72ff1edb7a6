"""What stands at a path is told from what is open, without opening it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from creditctl.core.errors import LedgerError
from creditctl.ledger.sqlite.standing_file import FileIdentity, FileMoved, StandingFile, remove_stale_log
from creditctl.ledger.store import Ledger
from tests.support.ledger_calls import read, write
from tests.support.ledgers import MakePurchase, OpenLedger


def test_a_file_that_stays_is_the_same(ledger: Ledger, purchase: MakePurchase) -> None:
    for number in range(3):
        write(ledger).post(purchase(number))
    ledger.require_standing()
    assert read(ledger).count() == 3


def test_nothing_is_opened_to_find_out(ledger: Ledger, path: Path) -> None:
    path.chmod(0)
    ledger.require_standing()


@pytest.mark.parametrize("ending", ["", "-wal"])
@pytest.mark.parametrize("act", ["write", "read"])
def test_a_file_that_is_gone_is_neither_written_nor_read(
    ledger: Ledger, path: Path, purchase: MakePurchase, ending: str, act: str
) -> None:
    write(ledger).post(purchase())
    path.with_name(f"{path.name}{ending}").rename(path.with_name("elsewhere"))
    with pytest.raises(FileMoved):
        write(ledger).post(purchase(2)) if act == "write" else read(ledger).count()


def test_a_file_that_goes_while_it_is_written_to_takes_nothing(
    ledger: Ledger, path: Path, purchase: MakePurchase
) -> None:
    elsewhere = path.with_name("elsewhere")

    def post_and_lose() -> None:
        with ledger.transaction() as tx:
            tx.post(purchase())
            path.rename(elsewhere)

    with pytest.raises(FileMoved):
        post_and_lose()
    elsewhere.rename(path)
    assert read(ledger).count() == 0


def test_another_file_in_its_place(ledger: Ledger, path: Path, purchase: MakePurchase, open_ledger: OpenLedger) -> None:
    other = path.with_name("other.db")
    open_ledger(path=other).close()
    other.replace(path)
    with pytest.raises(FileMoved, match="Another file"):
        write(ledger).post(purchase())


def test_an_entry_that_was_written_and_is_another_now(
    ledger: Ledger, path: Path, purchase: MakePurchase, open_ledger: OpenLedger
) -> None:
    """The same file, with other content: a backup that was copied over it."""
    write(ledger).post(purchase())
    with open_ledger().transaction() as tx:
        tx.connection.execute("DROP TRIGGER credit_transactions_no_delete")
        tx.connection.execute("DELETE FROM credit_transactions")
    with pytest.raises(FileMoved, match="entry 1"):
        write(ledger).post(purchase(2))


def test_a_link_that_is_turned_to_another_file(path: Path, open_ledger: OpenLedger, purchase: MakePurchase) -> None:
    link = path.with_name("link.db")
    open_ledger(path=path).close()
    open_ledger(path=path.with_name("other.db")).close()
    link.symlink_to(path)
    opened = open_ledger(path=link)
    write(opened).post(purchase())
    link.unlink()
    link.symlink_to(path.with_name("other.db"))
    with pytest.raises(FileMoved):
        write(opened).post(purchase(2))


def test_a_missing_file_is_not_made_again_by_another_thread(ledger: Ledger, path: Path) -> None:
    import threading

    found: list[Exception] = []

    def look() -> None:
        try:
            read(ledger).count()
        except LedgerError as error:
            found.append(error)

    path.unlink()
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert len(found) == 1
    assert not path.exists()


def test_a_log_of_another_file_is_removed_and_no_other(tmp_path: Path) -> None:
    path, log = tmp_path / "a.db", tmp_path / "a.db-wal"
    path.write_bytes(b"old")
    log.write_bytes(b"log")
    opened = FileIdentity.at(path)
    remove_stale_log(path, opened)
    assert log.exists()  # the same file still
    (tmp_path / "new").write_bytes(b"new")
    os.replace(tmp_path / "new", path)
    remove_stale_log(path, opened)
    assert not log.exists()
    log.write_bytes(b"its own")  # most file systems give it the number of the one before
    remove_stale_log(path, opened)
    assert log.exists()


def test_a_log_that_was_gone_when_the_file_was_closed_is_never_taken_for_a_later_one(tmp_path: Path) -> None:
    path, log = tmp_path / "a.db", tmp_path / "a.db-wal"
    path.write_bytes(b"old")
    log.write_bytes(b"log")
    opened = FileIdentity.at(path)
    log.unlink()
    released = opened.left_behind(path)
    path.unlink()
    path.write_bytes(b"new")
    log.write_bytes(b"log")
    remove_stale_log(path, released)
    assert log.exists()


def test_a_file_that_became_smaller_was_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"12345")
    watched = StandingFile(path)
    watched.note()
    path.write_bytes(b"1234567")
    watched.require()
    path.write_bytes(b"123456")
    with pytest.raises(FileMoved, match="written over"):
        watched.require()
