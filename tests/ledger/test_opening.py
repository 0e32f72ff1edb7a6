"""Which files are opened, made, upgraded or refused."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlite_utils import Database

from creditctl.core.errors import ConfigurationError, CreditctlError, ExitCode, GuardRefused, LedgerError
from creditctl.ledger.schema import APPLICATION_ID, FORMAT_VERSION, MIGRATIONS
from creditctl.ledger.store import Ledger
from tests.support.ledger_calls import read
from tests.support.ledgers import LedgerOptions, MakePurchase, OpenLedger


def sql(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def pragma(path: Path, name: str) -> object:
    connection = sqlite3.connect(path)
    value = connection.execute(f"PRAGMA {name}").fetchone()[0]
    connection.close()
    return value


def test_a_new_ledger_is_marked_versioned_and_bound(open_ledger: OpenLedger, path: Path) -> None:
    ledger = open_ledger()
    assert (ledger.account, ledger.livemode, read(ledger).count()) == ("acct_1", False, 0)
    assert pragma(path, "application_id") == APPLICATION_ID
    assert pragma(path, "user_version") == FORMAT_VERSION
    assert pragma(path, "journal_mode") == "wal"
    assert pragma(path, "page_size") == 2048, "small pages make a commit cheap, large ones a match of everything"


def test_a_copy_of_a_new_ledgers_file_without_its_log_says_whose_it_is(
    open_ledger: OpenLedger, path: Path, tmp_path: Path
) -> None:
    open_ledger()
    copy = tmp_path / "copy.db"
    copy.write_bytes(path.read_bytes())
    assert open_ledger(path=copy, account=None, livemode=None, create=False).account == "acct_1"


def test_connections_keep_foreign_keys_and_sync_every_commit(open_ledger: OpenLedger) -> None:
    with open_ledger().transaction() as tx:
        assert tx.connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1
        assert tx.connection.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_an_existing_ledger_is_opened_without_saying_whose_it_is(open_ledger: OpenLedger) -> None:
    open_ledger().close()
    assert open_ledger(account=None, livemode=None, create=False).account == "acct_1"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"account": "acct_2"}, "ledger.other_account"),
        ({"livemode": True}, "ledger.other_livemode"),
    ],
)
def test_another_key_is_refused(open_ledger: OpenLedger, changes: LedgerOptions, code: str) -> None:
    open_ledger().close()
    with pytest.raises(GuardRefused) as caught:
        open_ledger(**changes)
    assert (caught.value.code, caught.value.exit_code) == (code, ExitCode.CONFIGURATION)


@pytest.mark.parametrize("changes", [{"account": None}, {"livemode": None}])
def test_a_new_ledger_must_belong_to_somebody(open_ledger: OpenLedger, path: Path, changes: LedgerOptions) -> None:
    with pytest.raises(ConfigurationError):
        open_ledger(**changes)
    assert not path.exists()


def test_a_missing_ledger_is_not_made_by_reading(open_ledger: OpenLedger, path: Path) -> None:
    with pytest.raises(LedgerError) as caught:
        open_ledger(create=False)
    assert caught.value.code == "ledger.missing"
    assert not path.exists()


def test_a_newer_ledger_is_refused_with_a_sentence(open_ledger: OpenLedger, path: Path) -> None:
    open_ledger().close()
    sql(path, f"PRAGMA user_version = {FORMAT_VERSION + 1}")
    with pytest.raises(LedgerError, match=f"format {FORMAT_VERSION + 1}; this creditctl knows") as caught:
        open_ledger()
    assert (caught.value.code, caught.value.exit_code) == ("ledger.newer", ExitCode.LEDGER)


def later_format(database: Database) -> None:
    database.execute("ALTER TABLE runs ADD COLUMN host TEXT")


def broken_format(database: Database) -> None:
    later_format(database)
    raise RuntimeError


def columns_of_runs(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    names = [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
    connection.close()
    return names


def test_an_older_ledger_is_upgraded_keeps_what_it_holds_and_is_closed_to_older_programs(
    open_ledger: OpenLedger, path: Path, purchase: MakePurchase
) -> None:
    with open_ledger() as older, older.transaction() as tx:
        tx.post(purchase())
    upgraded = open_ledger(create=False, migrations=(*MIGRATIONS, ("0002_host", later_format)))
    assert (read(upgraded).balance("user1"), read(upgraded).verify().ok) == (1000, True)
    assert "host" in columns_of_runs(path)
    with pytest.raises(LedgerError) as caught:
        open_ledger()
    assert caught.value.code == "ledger.newer"


def test_an_upgrade_that_fails_leaves_the_old_format(open_ledger: OpenLedger, path: Path) -> None:
    open_ledger().close()
    with pytest.raises(RuntimeError):
        open_ledger(migrations=(*MIGRATIONS, ("0002_broken", broken_format)))
    assert pragma(path, "user_version") == FORMAT_VERSION
    assert "host" not in columns_of_runs(path)
    assert read(open_ledger()).count() == 0


def spoil_text(path: Path) -> None:
    path.write_text("no database at all, whatever its name says\n" * 40)


def spoil_other_database(path: Path) -> None:
    sql(path, "CREATE TABLE users (id INTEGER)")


def spoil_folder(path: Path) -> None:
    path.mkdir()


def spoil_owner(path: Path) -> None:
    Ledger.open(path, account="acct_1", livemode=False, clock=lambda: 1).close()
    sql(path, "DROP TRIGGER ledger_meta_no_delete")
    sql(path, "DELETE FROM ledger_meta")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (spoil_text, "ledger.not_a_ledger"),
        (spoil_other_database, "ledger.not_a_ledger"),
        (spoil_folder, "ledger.not_a_ledger"),
        (spoil_owner, "ledger.corrupt"),
    ],
)
def test_what_is_no_ledger_is_refused_and_left_alone(
    open_ledger: OpenLedger, path: Path, spoil: Callable[[Path], None], code: str
) -> None:
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(LedgerError) as caught:
        open_ledger()
    assert caught.value.code == code
    assert caught.value.fix
    assert before == (path.read_bytes() if path.is_file() else None)


def test_an_empty_file_becomes_a_ledger_only_when_one_may_be_made(open_ledger: OpenLedger, path: Path) -> None:
    path.touch()
    with pytest.raises(LedgerError) as caught:
        open_ledger(create=False)
    assert caught.value.code == "ledger.missing"
    assert read(open_ledger()).count() == 0


def test_a_folder_that_is_not_there_is_said(open_ledger: OpenLedger, tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as caught:
        open_ledger(path=tmp_path / "nowhere" / "ledger.db")
    assert caught.value.code == "ledger.unopenable"


def open_at_once(path: Path, threads: int) -> list[str]:
    """What each of several threads gets that open the same new ledger at the same moment."""
    barrier, answers = threading.Barrier(threads), list[str]()

    def make() -> None:
        barrier.wait()
        try:
            with Ledger.open(path, account="acct_1", livemode=False, clock=lambda: 1) as ledger:
                answers.append(ledger.account)
        except CreditctlError as error:
            answers.append(error.code)

    workers = [threading.Thread(target=make) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return answers


@pytest.mark.parametrize("attempt", range(15))
def test_many_may_make_the_same_ledger_at_once(path: Path, attempt: int) -> None:
    assert open_at_once(path, threads=12) == ["acct_1"] * 12
