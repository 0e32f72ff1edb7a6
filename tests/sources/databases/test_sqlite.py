"""SQLite as a source: the write-ahead log is read, and neither the file nor its folder is written to."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from creditctl.core.errors import Unreachable
from creditctl.sources.databases.sqlite import SqliteDatabase
from creditctl.sources.databases.url import parse_url


def made(path: Path, *, wal: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    if wal:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute('CREATE TABLE "t t" (id INTEGER PRIMARY KEY, "a%" TEXT)')
    connection.execute('INSERT INTO "t t" VALUES (1, "x")')
    connection.commit()
    return connection


def ids(folder: Path, url: str = "sqlite:///app.db") -> list[object]:
    with SqliteDatabase(parse_url(url), folder).reading() as snapshot:
        return [row[0] for row in snapshot.rows('SELECT id FROM "t t" WHERE "a%%" <> %s', ["no"])]


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_without_a_log_stays_alone(tmp_path: Path) -> None:
    made(tmp_path / "app.db", wal=False).close()
    before = (tmp_path / "app.db").read_bytes()

    assert ids(tmp_path) == [1]
    assert files(tmp_path) == {"app.db"}
    assert (tmp_path / "app.db").read_bytes() == before


def test_a_file_in_wal_mode_that_nobody_has_open_gets_nothing_beside_it(tmp_path: Path) -> None:
    made(tmp_path / "app.db", wal=True).close()
    assert files(tmp_path) == {"app.db"}

    assert ids(tmp_path) == [1]
    assert files(tmp_path) == {"app.db"}


def test_rows_that_are_only_in_the_log_are_read(tmp_path: Path) -> None:
    with closing(made(tmp_path / "app.db", wal=True)) as application:
        application.execute('INSERT INTO "t t" VALUES (2, "y")')
        application.commit()

        assert ids(tmp_path) == [1, 2]


def test_a_copy_with_its_log_but_without_shared_memory_is_read_whole_and_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    with closing(made(tmp_path / "app.db", wal=True)) as application:
        application.execute('INSERT INTO "t t" VALUES (2, "y")')
        application.commit()
        for name in ("app.db", "app.db-wal"):
            shutil.copyfile(tmp_path / name, folder / name)

    assert ids(folder) == [1, 2]
    assert files(folder) == {"app.db", "app.db-wal"}


def test_a_folder_that_may_not_be_written_to_is_read(tmp_path: Path) -> None:
    made(tmp_path / "app.db", wal=True).close()
    os.chmod(tmp_path, 0o500)
    try:
        assert ids(tmp_path) == [1]
    finally:
        os.chmod(tmp_path, 0o700)


def test_nothing_can_be_written(tmp_path: Path) -> None:
    made(tmp_path / "app.db", wal=False).close()
    with (
        pytest.raises(Unreachable, match="readonly"),
        SqliteDatabase(parse_url("sqlite:///app.db"), tmp_path).reading() as snapshot,
    ):
        list(snapshot.rows('DELETE FROM "t t"'))


def test_a_write_during_the_reading_is_said(tmp_path: Path) -> None:
    made(tmp_path / "app.db", wal=True).close()
    database = SqliteDatabase(parse_url("sqlite:///app.db"), tmp_path)

    with pytest.raises(Unreachable, match="written to while"), database.reading():
        made_more(tmp_path / "app.db")


def made_more(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute('INSERT INTO "t t" VALUES (3, "z")')
        other.commit()


def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="unable to open"):
        ids(tmp_path)
    assert files(tmp_path) == set()


def test_a_percent_sign_before_an_s_is_no_place_for_a_value(tmp_path: Path) -> None:
    made(tmp_path / "app.db", wal=False).close()

    with SqliteDatabase(parse_url("sqlite:///app.db"), tmp_path).reading() as snapshot:
        statement = """SELECT strftime('%%s', '2026-11-28T13:05:00'), '%%%%s' FROM "t t" WHERE "a%%" <> %s"""
        assert list(snapshot.rows(statement, ["no"])) == [("1795871100", "%%s")]


def test_a_file_of_prisma_is_found_below_its_folder(tmp_path: Path) -> None:
    (tmp_path / "prisma").mkdir()
    made(tmp_path / "prisma" / "dev.db", wal=False).close()

    assert ids(tmp_path, "file:./dev.db") == [1]
