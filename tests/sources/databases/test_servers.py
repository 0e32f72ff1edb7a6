"""PostgreSQL and MariaDB as sources: one SELECT right suffices, one snapshot is a stream, nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from creditctl.core.errors import ConfigurationError, Unreachable
from creditctl.sources.databases.opening import open_database
from creditctl.sources.databases.url import parse_url
from creditctl.sources.reading.database_rows import DatabaseRows
from creditctl.sources.reading.raw_rows import UpdatedSince
from tests.support.mariadb import MariadbServer, running_mariadb
from tests.support.postgresql import PostgresqlServer, running_postgresql

READER = "reads only"
CAMEL = 'CREATE TABLE shop."Credit Log" ("rowId" int PRIMARY KEY, "updatedAt" timestamptz, "note%" text, secret text)'


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresqlServer]:
    with running_postgresql() as running:
        running.execute("CREATE SCHEMA shop")
        running.execute(CAMEL)
        running.execute("CREATE SEQUENCE shop.numbers")
        running.execute(
            """INSERT INTO shop."Credit Log"
            SELECT n, timestamptz '2026-11-01 10:00:00+02' + n * interval '1 hour', n || '%', 's'
            FROM generate_series(1, 5000) n"""
        )
        running.execute(f"CREATE USER reader PASSWORD '{READER}'")
        running.execute('GRANT USAGE ON SCHEMA shop TO reader; GRANT SELECT ON shop."Credit Log" TO reader')
        running.execute(f"CREATE USER narrow PASSWORD '{READER}'")
        running.execute(
            'GRANT USAGE ON SCHEMA shop TO narrow; GRANT SELECT ("rowId", "updatedAt") ON shop."Credit Log" TO narrow'
        )
        yield running


def rows_of(server: PostgresqlServer, user: str = "reader", query: str | None = None) -> DatabaseRows:
    url = parse_url(server.url_of(user, READER.replace(" ", "%20")) + "?schema=shop&connection_limit=1&sslmode=prefer")
    return DatabaseRows(url, Path(), table=None if query else "Credit Log", query=query)


def test_one_select_right_on_one_table_suffices(postgres: PostgresqlServer) -> None:
    with rows_of(postgres).reading() as opened:
        assert opened.columns == ("rowId", "updatedAt", "note%", "secret")
        rows = list(opened.rows(("rowId", "note%", "updatedAt")))

    assert len(rows) == 5000
    assert rows[0].columns == {"rowId": 1, "note%": "1%", "updatedAt": datetime(2026, 11, 1, 9, tzinfo=UTC)}


def test_a_right_on_some_columns_suffices_for_those(postgres: PostgresqlServer) -> None:
    with rows_of(postgres, "narrow").reading() as opened:
        assert opened.columns is None
        assert sum(1 for _ in opened.rows(("rowId", "updatedAt"))) == 5000
    with pytest.raises(Unreachable, match="permission denied"), rows_of(postgres, "narrow").reading() as opened:
        list(opened.rows(("secret",)))


def test_partitions_and_children_without_columns_of_their_own_are_no_tables_of_an_application(
    postgres: PostgresqlServer,
) -> None:
    """A guess that took one for the ledger would see a part of the rows."""
    for statement in (
        "CREATE TABLE shop.parted (id int, made date) PARTITION BY RANGE (made)",
        "CREATE TABLE shop.a_part PARTITION OF shop.parted FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
        'CREATE TABLE shop.child () INHERITS (shop."Credit Log")',
        'CREATE TABLE shop.more (user_id int) INHERITS (shop."Credit Log")',
    ):
        postgres.execute(statement)
    with DatabaseRows(parse_url(postgres.url), Path(), table="shop.parted").reading() as opened:
        assert sorted(opened.tables.catalogue()) == ["shop.Credit Log", "shop.more", "shop.parted"]


def test_times_that_python_does_not_have_come_as_they_are_written(postgres: PostgresqlServer) -> None:
    query = """SELECT 1 AS id, 'infinity'::timestamptz AS expires, '-infinity'::date AS since, '24:00'::time AS closes,
        timestamp '2026-11-01 10:00' AS made"""
    with DatabaseRows(parse_url(postgres.url), Path(), query=query).reading() as opened:
        (row,) = opened.rows(("id", "expires", "since", "closes", "made"))

    assert list(row.columns.values()) == [1, "infinity", "-infinity", "24:00:00", datetime(2026, 11, 1, 10)]  # noqa: DTZ001


def test_a_query_is_wrapped_and_read_from_where_it_was_updated(postgres: PostgresqlServer) -> None:
    query = """SELECT "rowId", "updatedAt" FROM "shop"."Credit Log" WHERE "note%" LIKE '%%' -- all;
    ;"""
    with rows_of(postgres, query=query).reading() as opened:
        since = UpdatedSince("updatedAt", datetime(2026, 11, 2, tzinfo=UTC))
        assert len(list(opened.rows(("rowId",), since))) == 5000 - 15


def test_rows_are_one_moment_and_come_as_a_stream(postgres: PostgresqlServer) -> None:
    with rows_of(postgres).reading() as opened:
        rows = iter(opened.rows(("rowId",)))
        next(rows)
        postgres.execute("""INSERT INTO shop."Credit Log" VALUES (9001, now(), '', '')""")
        rest = sum(1 for _ in rows)
    postgres.execute("""DELETE FROM shop."Credit Log" WHERE "rowId" = 9001""")

    assert rest == 4999


def test_postgresql_refuses_writes_even_of_an_owner(postgres: PostgresqlServer) -> None:
    database = open_database(parse_url(postgres.url), Path())
    with pytest.raises(Unreachable, match="syntax error"), database.reading() as snapshot:
        list(snapshot.rows("""DELETE FROM shop."Credit Log" RETURNING 1"""))
    with pytest.raises(Unreachable, match="read-only transaction"), database.reading() as snapshot:
        list(snapshot.rows("SELECT nextval('shop.numbers')"))


def test_a_wrong_password_is_a_sentence_without_it(postgres: PostgresqlServer) -> None:
    url = parse_url(postgres.url_of("reader", "wr0ngone"))
    with (
        pytest.raises(Unreachable, match="password authentication failed") as caught,
        open_database(url, Path()).reading(),
    ):
        pass
    assert "wr0ngone" not in caught.value.message


@pytest.fixture(scope="module")
def guarded(postgres: PostgresqlServer) -> PostgresqlServer:
    """A table whose policy shows a reader the rows of one tenant, of which the reader sees none; and a view of it."""
    postgres.execute("CREATE TABLE shop.guarded (id int PRIMARY KEY, tenant text)")
    postgres.execute("INSERT INTO shop.guarded VALUES (1, 'a'), (2, 'b'), (3, 'b')")
    postgres.execute("ALTER TABLE shop.guarded ENABLE ROW LEVEL SECURITY")
    postgres.execute("CREATE POLICY tenants ON shop.guarded USING (tenant = current_setting('app.tenant', true))")
    postgres.execute("CREATE VIEW shop.whole AS SELECT * FROM shop.guarded")
    postgres.execute("GRANT SELECT ON shop.guarded, shop.whole TO reader; GRANT SELECT (id) ON shop.guarded TO narrow")
    postgres.execute(f"CREATE USER bypassing BYPASSRLS PASSWORD '{READER}'")
    postgres.execute("GRANT USAGE ON SCHEMA shop TO bypassing; GRANT SELECT ON shop.guarded TO bypassing")
    return postgres


def count(server: PostgresqlServer, table: str, user: str = "reader", *, row_security: bool = False) -> int:
    url = parse_url(server.url_of(user, READER.replace(" ", "%20")) + "?schema=shop")
    with DatabaseRows(url, Path(), table=table, row_security=row_security).reading() as opened:
        return sum(1 for _ in opened.rows(("id",)))


@pytest.mark.parametrize("user", ["reader", "narrow"])
def test_rows_that_a_policy_would_filter_are_refused_and_never_look_lost(guarded: PostgresqlServer, user: str) -> None:
    with pytest.raises(ConfigurationError, match='row-level security policy for table "guarded"') as caught:
        count(guarded, "guarded", user)

    assert (caught.value.code, "BYPASSRLS" in caught.value.fix) == ("source.row_security", True)


def test_a_reader_whom_no_policy_filters_reads_every_row(guarded: PostgresqlServer) -> None:
    assert count(guarded, "guarded", "bypassing") == 3
    assert count(guarded, "whole") == 3


def test_a_policy_filters_where_its_owner_says_that_it_shows_every_row(guarded: PostgresqlServer) -> None:
    assert count(guarded, "guarded", row_security=True) == 0


@pytest.fixture(scope="module")
def mariadb() -> Iterator[MariadbServer]:
    with running_mariadb() as running:
        running.execute(
            "CREATE TABLE `credit log` (id BIGINT PRIMARY KEY, at TIMESTAMP NULL, local DATETIME, live BIT(1), j JSON)"
        )
        running.execute("SET time_zone = '+00:00'")
        running.execute(
            "INSERT INTO `credit log` SELECT seq, FROM_UNIXTIME(1790000000 + seq), '2026-11-01 10:00:00', 1, "
            '\'{"a": "50%"}\' FROM seq_1_to_4000'
        )
        yield running


def test_mariadb_is_read_in_utc_as_a_stream(mariadb: MariadbServer) -> None:
    url = parse_url(mariadb.url.replace("mysql://", "mysql+aiomysql://"))
    with DatabaseRows(url, Path(), table="credit log").reading() as opened:
        assert opened.columns == ("id", "at", "local", "live", "j")
        rows = list(opened.rows(("id", "at", "local", "live", "j")))

    assert len(rows) == 4000
    first = rows[0].columns
    assert first["at"] == datetime.fromtimestamp(1790000001, UTC)
    assert first["local"] == datetime(2026, 11, 1, 10)  # noqa: DTZ001 - a DATETIME has no zone
    assert (first["live"], first["j"]) == (b"\x01", '{"a": "50%"}')


def test_mariadb_refuses_writes(mariadb: MariadbServer) -> None:
    database = open_database(parse_url(mariadb.url), Path())
    with pytest.raises(Unreachable, match="READ ONLY transaction"), database.reading() as snapshot:
        list(snapshot.rows("DELETE FROM `credit log`"))
