"""Opening an archive: whose it is, and which files are refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from creditctl.core.errors import GuardRefused, LedgerError
from creditctl.ledger.archive.opening import prepare
from creditctl.ledger.archive.store import Archive


def test_it_is_private_and_belongs_to_one_account_and_mode(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    Archive.open(path, account="acct_1", livemode=False).close()

    assert path.stat().st_mode & 0o077 == 0
    Archive.open(path, account=None, livemode=None).close()
    for account, livemode in (("acct_2", False), ("acct_1", True)):
        with pytest.raises(GuardRefused, match="belongs to account acct_1 in test mode"):
            Archive.open(path, account=account, livemode=livemode)


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as missing:
        Archive.open(tmp_path / "none.db", account=None, livemode=None, create=False)
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(LedgerError) as foreign:
        Archive.open(tmp_path / "other.db", account="acct_1", livemode=False)
    (tmp_path / "text.db").write_text("this is a text file, and long enough to be looked at as a database" * 20)
    with pytest.raises(LedgerError) as text:
        Archive.open(tmp_path / "text.db", account="acct_1", livemode=False)

    assert [missing.value.code, foreign.value.code] == ["archive.missing", "archive.not_an_archive"]
    assert text.value.code == "archive.not_an_archive", "nothing is said of the ledger, which is another file"


@pytest.mark.parametrize("damage", ["cut", "no_owner"])
def test_a_damaged_archive_is_called_so_and_is_made_anew(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "m.db"
    Archive.open(path, account="acct_1", livemode=False).close()
    if damage == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DELETE FROM mirror_meta")

    with pytest.raises(LedgerError) as caught:
        Archive.open(path, account="acct_1", livemode=False)
    assert caught.value.code == "archive.corrupt"
    assert "the ledger is not" in str(caught.value)
    assert "Move it away" in caught.value.fix


def test_a_newer_format_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    Archive.open(path, account="acct_1", livemode=False).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(LedgerError) as caught:
        Archive.open(path, account="acct_1", livemode=False)
    assert caught.value.code == "archive.newer"


@pytest.mark.parametrize(
    "asked", ["PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_master"]
)
def test_one_that_another_process_makes_between_two_looks_is_opened(tmp_path: Path, asked: str) -> None:
    path = tmp_path / "m.db"

    def make_it_now(statement: str) -> None:
        if statement == asked and not path.with_suffix(".made").exists():
            path.with_suffix(".made").touch()
            Archive.open(path, account="acct_1", livemode=False).close()

    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.set_trace_callback(make_it_now)
        prepare(connection, path, "acct_1", False)

        assert path.with_suffix(".made").exists()
        assert dict(connection.execute("SELECT key, value FROM mirror_meta"))["account"] == "acct_1"
