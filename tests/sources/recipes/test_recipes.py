"""Recipes on tables as their stacks make them: on PostgreSQL, MariaDB, SQLite, and in Stripe's own exports."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from creditctl.core.errors import ConfigurationError
from creditctl.core.project_file.source import SourceSection
from creditctl.ledger.archive.source_models import SourceRow
from creditctl.ledger.archive.source_queries import KeptFilter, SourceRows
from creditctl.ledger.archive.store import Archive
from creditctl.sources.reading.opening import open_rows
from creditctl.sources.reading.sync import SourceSync
from creditctl.sources.recipes.applying import with_recipe
from creditctl.sources.recipes.table import RECIPES
from tests.support.clock import NOW
from tests.support.mariadb import MariadbServer, running_mariadb
from tests.support.postgresql import PostgresqlServer, running_postgresql

PAID = (1_788_228_000, "purchase", 1000)
USED = (1_788_228_000, "usage", -3)
WHEN = "2026-09-01 02:00:00"


def read(folder: Path, url: str, section: SourceSection) -> list[SourceRow]:
    whole = with_recipe(section)
    with Archive.open(folder / "x-archive.db", account="acct_1", livemode=False) as archive:
        SourceSync(open_rows(whole, folder, {"DATABASE_URL": url}.get), whole, archive, folder, lambda: NOW).run()
        return [kept.row for kept in SourceRows(archive).rows(KeptFilter(void=True))]


def said(rows: list[SourceRow]) -> list[tuple[int, str, int]]:
    return [(row.created, row.kind, row.credits) for row in rows]


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresqlServer]:
    with running_postgresql() as running:
        yield running


@pytest.fixture(scope="module")
def mariadb() -> Iterator[MariadbServer]:
    with running_mariadb() as running:
        yield running


def test_supabase(postgres: PostgresqlServer, tmp_path: Path) -> None:
    postgres.execute(
        "CREATE TABLE public.credit_transactions (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid NOT NULL,"
        " amount int NOT NULL, type text NOT NULL, metadata jsonb, created_at timestamptz NOT NULL DEFAULT now())"
    )
    postgres.execute("ALTER TABLE credit_transactions ENABLE ROW LEVEL SECURITY")
    user = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
    postgres.execute(
        "INSERT INTO credit_transactions (user_id, amount, type, metadata, created_at) VALUES "
        f"('{user}', 1000, 'purchase', '{{\"session_id\": \"cs_test_a1\"}}', '{WHEN}+00'),"
        f"('{user}', -3, 'usage', NULL, '{WHEN}+00')"
    )

    rows = read(tmp_path, postgres.url, SourceSection(recipe="supabase"))
    postgres.execute("DROP TABLE credit_transactions")

    assert said(rows) == [PAID, USED]
    assert (rows[0].user_id, rows[0].payment_key, rows[0].amount) == (user, "cs_test_a1", None)


def test_drizzle_with_another_table(postgres: PostgresqlServer, tmp_path: Path) -> None:
    postgres.execute(
        "CREATE TABLE credit_ledger (id serial PRIMARY KEY, user_id text, credits int, amount_cents int, currency text,"
        " type varchar(16), stripe_payment_intent_id text, created_at timestamp DEFAULT now())"
    )
    postgres.execute(
        "INSERT INTO credit_ledger (user_id, credits, amount_cents, currency, type, stripe_payment_intent_id,"
        f" created_at) VALUES ('u1', 1000, 1000, 'usd', 'topup', 'pi_1a', '{WHEN}'),"
        f" ('u1', 3, NULL, NULL, 'spend', NULL, '{WHEN}')"
    )

    rows = read(tmp_path, postgres.url, SourceSection(recipe="drizzle", table="credit_ledger"))

    assert said(rows) == [PAID, USED]
    assert (rows[0].payment_key, rows[0].amount, rows[0].currency) == ("pi_1a", 1000, "usd")


def test_laravel_on_mariadb(mariadb: MariadbServer, tmp_path: Path) -> None:
    mariadb.execute(
        "CREATE TABLE credit_transactions (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, user_id BIGINT UNSIGNED,"
        " type VARCHAR(255), amount BIGINT, status VARCHAR(20), meta JSON, created_at TIMESTAMP NULL,"
        " updated_at TIMESTAMP NULL)"
    )
    mariadb.execute(
        "INSERT INTO credit_transactions (user_id, type, amount, status, meta, created_at, updated_at) VALUES "
        "(7, 'deposit', 1000, 'completed', '{\"payment_intent\": \"pi_1a\"}', FROM_UNIXTIME(1788228000), NOW()),"
        "(7, 'withdraw', -3, 'completed', NULL, FROM_UNIXTIME(1788228000), NOW())"
    )

    rows = read(tmp_path, mariadb.url, SourceSection(recipe="laravel"))

    assert said(rows) == [PAID, USED]
    assert (rows[0].user_id, rows[0].payment_key) == ("7", "pi_1a")


def test_sqlalchemy_on_sqlite(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.executescript(
            "CREATE TABLE credit_transactions (id INTEGER PRIMARY KEY, user_id INTEGER, kind VARCHAR, amount INTEGER,"
            " reference VARCHAR, created_at DATETIME);"
            f"INSERT INTO credit_transactions VALUES (1, 7, 'PURCHASE', 1000, 'stripe:pi_1a', '{WHEN}.000000');"
            f"INSERT INTO credit_transactions VALUES (2, 7, 'DEBIT', 3, NULL, '{WHEN}.000000');"
        )

    rows = read(tmp_path, "sqlite+aiosqlite:///./app.db", SourceSection(recipe="sqlalchemy"))

    assert said(rows) == [PAID, USED]
    assert rows[0].payment_key == "pi_1a"


def test_gringotts_as_it_is(tmp_path: Path) -> None:
    """Source: gringotts-api 0.4.0, models.py: tables users and credit_transactions."""
    with closing(sqlite3.connect(tmp_path / "gringotts.db")) as connection:
        connection.executescript(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, username VARCHAR, api_key_hash VARCHAR, credits INTEGER);"
            "CREATE TABLE credit_transactions (id INTEGER PRIMARY KEY, user_id INTEGER, amount INTEGER,"
            " balance_after INTEGER, kind VARCHAR(16), external_id VARCHAR, endpoint VARCHAR, amount_cents INTEGER,"
            " currency VARCHAR(3), payment_intent_id VARCHAR, created_at DATETIME);"
            "INSERT INTO users VALUES (1, 'a', 'x', 947);"
            f"INSERT INTO credit_transactions VALUES "
            f"(1, 1, 50, 50, 'grant', NULL, NULL, NULL, NULL, NULL, '{WHEN}'),"
            f"(2, 1, 1000, 1050, 'purchase', 'cs_test_a1', NULL, 1000, 'usd', 'pi_1a', '{WHEN}'),"
            f"(3, 1, -5, 1045, 'charge', NULL, '/api', NULL, NULL, NULL, '{WHEN}'),"
            f"(4, 1, 2, 1047, 'refund', NULL, '/api', NULL, NULL, NULL, '{WHEN}'),"
            f"(5, 1, -100, 947, 'clawback', 're_1a', 'stripe:refund', 100, 'usd', 'pi_1a', '{WHEN}'),"
            f"(6, 1, -900, 47, 'clawback', 'dp_1a:withdrawn', 'stripe:dispute', 900, 'usd', 'pi_1a', '{WHEN}'),"
            f"(7, 1, 900, 947, 'reinstate', 'dp_1a:reinstated', NULL, -900, 'usd', 'pi_1a', '{WHEN}');"
        )

    rows = read(tmp_path, "sqlite:///./gringotts.db", SourceSection(recipe="gringotts-api"))

    assert [(row.kind, row.credits, row.payment_key, row.object_id) for row in rows] == [
        ("adjustment", 50, None, None),
        ("purchase", 1000, "pi_1a", None),
        ("usage", -5, None, None),
        ("adjustment", 2, None, None),
        ("refund", -100, "pi_1a", "re_1a"),
        ("dispute", -900, "pi_1a", "dp_1a"),
        ("dispute_reversal", 900, "pi_1a", "dp_1a"),
    ]
    with Archive.open(tmp_path / "x-archive.db", account="acct_1", livemode=False) as archive:
        assert SourceRows(archive).wrong_balances() == []
        assert SourceRows(archive).balance("1") == (947, 7)


@pytest.mark.parametrize(
    ("recipe", "text"),
    [
        (
            "stripe-payments",
            "id,Created date (UTC),Amount,Currency,Status,PaymentIntent ID,Mode,user_id (metadata),credits (metadata)\n"
            f"ch_1a,{WHEN},10.00,usd,Paid,pi_1a,Test,u1,1000\nch_2a,{WHEN},10.00,usd,Failed,pi_2a,Test,u1,1000\n",
        ),
        (
            "stripe-balance",
            "balance_transaction_id,created_utc,gross,currency,reporting_category,source_id,payment_intent_id,"
            "payment_metadata[user_id],payment_metadata[credits]\n"
            f"txn_1,{WHEN},10.00,usd,charge,ch_1a,pi_1a,u1,1000\ntxn_2,{WHEN},-5.00,usd,payout,po_1,,,\n",
        ),
    ],
)
def test_exports_of_stripe(tmp_path: Path, recipe: str, text: str) -> None:
    (tmp_path / "export.csv").write_text(text)

    rows = read(tmp_path, "", SourceSection(recipe=recipe, file="export.csv"))

    assert said(rows) == [PAID]
    assert (rows[0].payment_key, rows[0].amount, rows[0].user_id) == ("pi_1a", 1000, "u1")


def test_what_is_written_wins_over_the_recipe() -> None:
    section = with_recipe(
        SourceSection(recipe="prisma", table="Ledger", columns={"user_id": ("owner",)}, kind={"REFUND": "adjustment"})
    )

    assert (section.table, section.columns["user_id"], section.columns["created"]) == (
        "Ledger",
        ("owner",),
        ("createdAt",),
    )
    assert section.kind["REFUND"] == "adjustment"


def test_an_unknown_recipe_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no recipe 'rails'") as caught:
        with_recipe(SourceSection(recipe="rails"))
    assert all(name in caught.value.fix for name in RECIPES)
