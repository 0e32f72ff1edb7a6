"""Rows whose payments stand in another table are proposed as a query, where the names and what stands there say so."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from creditctl.core.project_file.source import AmountUnit, SourceSection
from creditctl.sources.databases.url import parse_url
from creditctl.sources.guess.guess import guess_source
from creditctl.sources.guess.joined import guess_joined
from creditctl.sources.guess.source_guess import SourceGuess
from creditctl.sources.reading.database_rows import DatabaseRows
from creditctl.sources.reading.raw_rows import RawRows

DJANGO = """
CREATE TABLE shop_payment (id INTEGER PRIMARY KEY, user_id INTEGER, amount TEXT, currency TEXT, stripe_session_id TEXT,
    status TEXT, created_at TEXT);
CREATE TABLE shop_credittransaction (id INTEGER PRIMARY KEY, user_id INTEGER, kind TEXT, credits INTEGER, note TEXT,
    payment_id INTEGER, created_at TEXT);
INSERT INTO shop_payment VALUES (7, 1, '9.00', 'usd', 'cs_test_a1', 'paid', '2026-09-01 10:00:00'),
    (8, 2, '49.00', 'usd', 'cs_test_b2', 'paid', '2026-09-02 10:00:00');
INSERT INTO shop_credittransaction VALUES (1, 1, 'purchase', 100, 'x', 7, '2026-09-01 10:00:00'),
    (2, 2, 'purchase', 600, 'y', 8, '2026-09-02 10:00:00'), (3, 1, 'usage', -5, 'z', NULL, '2026-09-02 11:00:00');
"""
CAMEL = """
CREATE TABLE "Order" ("uuid" TEXT, "amount" INTEGER, "meta" TEXT);
CREATE TABLE "CreditLog" ("id" TEXT, "userId" TEXT, "type" TEXT, "amount" INTEGER, "orderId" TEXT, "createdAt" INTEGER);
INSERT INTO "Order" VALUES ('o-1', 900, '{"stripe": {"intent": "pi_1abc"}}'), ('o-2', 900, '{"stripe": {"intent": "pi_2abc"}}');
INSERT INTO "CreditLog" VALUES ('a', 'u1', 'purchase', 100, 'o-1', 1793613742), ('b', 'u2', 'purchase', 100, 'o-2', 1793613743);
"""  # noqa: E501
OF_ANYTHING = DJANGO.replace("payment_id", "payment_type TEXT, payment_id")
OF_OTHERS = f"{DJANGO}UPDATE shop_credittransaction SET payment_id = 1000 + id;"


def guessed(folder: Path, script: str, table: str) -> tuple[SourceGuess, RawRows]:
    path = folder / "shop.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(script)
    url = parse_url(f"sqlite:///{path}")
    rows = DatabaseRows(url, folder, table=table)
    alone = guess_source(rows, SourceSection(table=table))
    return guess_joined(rows, alone, lambda query: DatabaseRows(url, folder, query=query))


def test_a_key_that_leads_to_a_table_with_stripe_s_ids_is_a_join(tmp_path: Path) -> None:
    guess, rows = guessed(tmp_path, DJANGO, "shop_credittransaction")

    assert guess.whole
    assert guess.section.query == (
        "select t.id, t.user_id, t.kind, t.credits, t.created_at, p.amount, p.currency, p.stripe_session_id"
        " from shop_credittransaction t left join shop_payment p on p.id = t.payment_id"
    ), "what is not used is not read"
    assert guess.section.amounts is AmountUnit.MAJOR
    assert (guess.lines[0].key, guess.lines[0].reason) == (
        "query",
        "payment_id leads to shop_payment, where Stripe's ids stand",
    )
    with rows.reading() as opened:
        assert len(list(opened.rows(opened.columns or ()))) == 3


def test_names_are_quoted_where_they_have_to_be_and_an_amount_of_one_s_own_is_credits(tmp_path: Path) -> None:
    guess, _ = guessed(tmp_path, CAMEL, "CreditLog")

    assert guess.whole
    assert guess.section.query == (
        'select t.id, t."userId", t.type, t.amount, t."createdAt", p.meta, p.amount as amount_paid'
        ' from "CreditLog" t left join "Order" p on p.uuid = t."orderId"'
    )
    assert guess.section.columns["amount"] == ("amount_paid",)
    assert guess.section.columns["payment_key"] == ("meta.stripe.intent",)
    assert {key: each.credits for key, each in guess.evidence.booked.items()} == {"pi_1abc": 100, "pi_2abc": 100}


@pytest.mark.parametrize("script", [OF_OTHERS, OF_ANYTHING.replace("'x', 7", "'x', 'a', 7").replace("'y', 8",
    "'y', 'a', 8").replace("'z', NULL", "'z', NULL, NULL")])  # fmt: skip
def test_a_key_that_leads_elsewhere_is_none(tmp_path: Path, script: str) -> None:
    guess, _ = guessed(tmp_path, script, "shop_credittransaction")

    assert guess.section.table == "shop_credittransaction"
    assert any(each.startswith("payment_key:") for each in guess.unknown)
