"""An application's own table as a source: SQLite here, with what all databases have in common."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from creditctl.core.errors import Unreachable, UsageError
from creditctl.ledger.store import Ledger
from creditctl.sources.database import DatabaseSource
from creditctl.sources.databases.url import is_url, parse_url
from creditctl.sources.importer import Import, Spool
from creditctl.sources.report import ImportReport
from creditctl.sources.row import RowReader
from creditctl.sources.source import FIELDS, ColumnMap
from creditctl.sources.values.bad_value import BadRow
from tests.support.clock import NOW
from tests.support.ledger_calls import read

TABLE = """
CREATE TABLE "credit log" (
    "entry no" INTEGER PRIMARY KEY, ts TIMESTAMP, "user" VARCHAR(40), type TEXT, points INTEGER, cents NUMERIC,
    stripe TEXT, live BOOLEAN
)
"""
MAP = ColumnMap(
    {
        "id": "entry no",
        "created": "ts",
        "user_id": "user",
        "kind": "type",
        "credits": "points",
        "amount": "cents",
        "payment_key": "stripe",
        "livemode": "live",
    },
    {"currency": "usd"},
)


@pytest.fixture
def application(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The application's database, open for writing all the while."""
    with closing(sqlite3.connect(tmp_path / "app?%1.db")) as connection:
        connection.execute(TABLE)
        for n in (3, 1, 2):
            values = (n, "2026-11-01 08:30:00", f"u{n}", "purchase", 1000, 1000, f"pi_{n}", 0)
            connection.execute('INSERT INTO "credit log" VALUES (?,?,?,?,?,?,?,?)', values)
        connection.commit()
        yield connection


def open_source(folder: Path, **options: Any) -> DatabaseSource:
    usual: dict[str, Any] = {"table": "credit log", "columns": MAP, "folder": folder}
    return DatabaseSource("sqlite:///app%3F%251.db", **usual | options)


def run(ledger: Ledger, source: DatabaseSource) -> ImportReport:
    reader = RowReader(source.name, source.row_field, ledger.account, ledger.livemode, {"gift": "adjustment"})
    work = Import(ledger, source, reader)
    with Spool(ledger.path.parent) as spool:
        return work.load(spool, work.check(spool))


def test_rows_come_in_order_of_their_id(application: sqlite3.Connection, tmp_path: Path) -> None:
    source = open_source(tmp_path)

    rows = list(source.rows())
    rest = [line for line, _ in source.rows(2)]

    assert [line for line, _ in rows] == ["entry no 1", "entry no 2", "entry no 3"]
    assert rest == ["entry no 3"]
    assert not isinstance(rows[0][1], BadRow)
    first = dict(zip(FIELDS, rows[0][1], strict=True))
    assert (first["user_id"], first["credits"], first["currency"], first["note"]) == ("u1", 1000, "usd", None)
    assert (source.name, source.row_field, source.numbered) == ("app_1.credit_log", "id", True)


def test_a_table_is_imported_and_later_only_its_new_rows(
    application: sqlite3.Connection, tmp_path: Path, ledger: Ledger
) -> None:
    source = open_source(tmp_path)
    first = run(ledger, source)
    application.execute("INSERT INTO \"credit log\" VALUES (4, 1790000000, 'u1', 'gift', 5, 0, NULL, 0)")
    application.execute("INSERT INTO \"credit log\" VALUES (5, 1790000000, 'u1', 'gift', 5.5, 0, NULL, 0)")
    application.commit()

    second = run(ledger, source)

    assert (first.new, second.new, second.existing, second.bad) == (3, 1, 3, 1)
    assert second.findings[0].subject == "entry no 5"
    assert read(ledger).balance("u1") == 1005
    assert read(ledger).verify().ok


def test_nothing_can_be_written_through_a_source(application: sqlite3.Connection, tmp_path: Path) -> None:
    source = open_source(tmp_path)

    with pytest.raises(Unreachable, match="readonly"), source._database.reading() as snapshot:
        list(snapshot.rows('DELETE FROM "credit log"'))


def test_ids_that_are_no_numbers_are_read_in_full_each_time(tmp_path: Path, ledger: Ledger) -> None:
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.execute(
            "CREATE TABLE credit_transactions (id TEXT PRIMARY KEY, created, user_id, kind, credits, amount, currency,"
            " payment_key, livemode)"
        )
        values = ("0f-b", NOW, "u1", "purchase", 1000, 1000, "usd", "pi_1", 0)
        connection.execute("INSERT INTO credit_transactions VALUES (?,?,?,?,?,?,?,?,?)", values)
        connection.commit()
    source = DatabaseSource("sqlite:///app.db", "credit_transactions", ColumnMap(), folder=tmp_path)

    reports = [run(ledger, source), run(ledger, source)]

    assert [(report.new, report.existing, report.resumed_after) for report in reports] == [(1, 0, None), (0, 1, None)]
    assert read(ledger).entries()[0].idempotency_key == "import:app.credit_transactions:0f-b"


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"table": "gone"}, UsageError, "has no table 'gone'"),
        ({"columns": ColumnMap()}, UsageError, "no column for: created, user_id"),
        ({"columns": ColumnMap.parse(["user_id=user", "id=nr"])}, UsageError, "has no column 'nr'"),
        ({"columns": ColumnMap({**MAP.renamed, "id": "stripe", "payment_key": "stripe"}, MAP.constants)}, None, ""),
    ],
)
def test_what_is_not_there_is_named(
    application: sqlite3.Connection,
    tmp_path: Path,
    options: dict[str, Any],
    error: type[Exception] | None,
    message: str,
) -> None:
    if error is None:
        source = open_source(tmp_path, **options)
        assert source.numbered is False
        return
    with pytest.raises(error, match=message):
        open_source(tmp_path, **options)


def test_a_table_without_an_id_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.execute(
            "CREATE TABLE t (created, user_id, kind, credits, amount, currency, payment_key, livemode, key)"
        )
    with pytest.raises(UsageError, match="tells its rows apart") as caught:
        DatabaseSource("sqlite:///app.db", "t", ColumnMap(), folder=tmp_path)
    assert "--map id=theirs" in caught.value.fix


def test_a_missing_database_is_unreachable_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="unable to open database file"):
        DatabaseSource("sqlite:///gone.db", "t", ColumnMap(), folder=tmp_path)
    assert not (tmp_path / "gone.db").exists()


@pytest.mark.parametrize("url", ["oracle://db/x", "nonsense", "://", "http://example.com/file.csv"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match="no URL of a database"):
        DatabaseSource(url, "t", ColumnMap())


def test_passwords_are_seen_wherever_they_stand_and_never_shown() -> None:
    secret = "s3cr" + "et"

    assert parse_url(f"postgresql://app:{secret}@127.0.0.1/app").holds_password
    assert parse_url(f"postgresql://127.0.0.1/app?user=app&password={secret}").holds_password
    assert not parse_url("postgresql://app@127.0.0.1/app").holds_password
    with pytest.raises(Unreachable) as caught:
        DatabaseSource(f"postgresql://app:{secret}@127.0.0.1:1/app", "t", ColumnMap())
    assert secret not in caught.value.message
    assert "postgresql://127.0.0.1:1/app failed" in caught.value.message


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://app:SECRET@127.0.0.1:1/app", "postgresql://127.0.0.1:1/app failed"),
        ("postgresql://127.0.0.1:1/app?user=app&password=SECRET", "postgresql://127.0.0.1:1/app failed"),
        ("postgresql://127.0.0.1:1/app?sslpassword=SECRET&sslkey=SECRET", "postgresql://127.0.0.1:1/app failed"),
        ("postgresql://127.0.0.1:1/app?sslmode=SECRET", "postgresql://127.0.0.1:1/app failed"),
        ("mysql://app:SECRET@[::1]:1/app", "mysql://[::1]:1/app failed"),
        ("postgresql://app:p@SECRET@127.0.0.1:1/app", "postgresql://127.0.0.1:1/app failed"),
        ("postgresql://app:p@SECRET:x@127.0.0.1:1/app", "postgresql://127.0.0.1:1/app failed"),
        ("postgresql://app@x:SECRET@127.0.0.1:1/app", "no URL of a database"),
        ("postgresql://app:SECRET@127.0.0.1:54x2/app", "no URL of a database"),
        ("postgresql://app:SECRET@127.0.0.1:99999/app", "no URL of a database"),
        ("postgresql://127.0.0.1:SECRET/app", "no URL of a database"),
    ],
)
def test_nothing_of_a_url_is_shown_but_scheme_host_and_database(url: str, said: str) -> None:
    secret = "hunter" + "2%20s3cret"

    with pytest.raises((Unreachable, UsageError)) as caught:
        DatabaseSource(url.replace("SECRET", secret), "t", ColumnMap())

    assert said in caught.value.message
    told = "".join(traceback.format_exception_only(caught.value)) + str(caught.value.fix)
    assert "hunter2" not in told
    assert "s3cret" not in told


def test_a_url_is_told_from_a_file() -> None:
    assert is_url("sqlite:///app.db")
    assert not is_url("exports/app.csv")


def test_without_the_extra_the_fix_names_it() -> None:
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from creditctl.core.errors import ConfigurationError\n"
        "from creditctl.sources.source import ColumnMap\n"
        "from creditctl.sources.database import DatabaseSource\n"
        "try: DatabaseSource('postgresql://127.0.0.1/app', 't', ColumnMap())\n"
        "except ConfigurationError as error: print(error.code, error.fix)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.stdout == "import.extra Run: pip install 'creditctl[import]'\n"
