"""A Django shop on SQLite, two tables and prices that changed: `init` writes few lines, and they judge truly."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditctl.emulator_client.checkout_payer import Payment, pay

if TYPE_CHECKING:
    from tests.support.cli import Cli
    from tests.support.existing_shop import ExistingShop

TABLES = """
CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app TEXT);
CREATE TABLE shop_profile (id INTEGER PRIMARY KEY, user_id INTEGER, credits_balance INTEGER);
CREATE TABLE shop_payment (id INTEGER PRIMARY KEY, user_id INTEGER, amount TEXT, currency TEXT, stripe_session_id TEXT,
    status TEXT, created_at TEXT);
CREATE TABLE shop_credittransaction (id INTEGER PRIMARY KEY, user_id INTEGER, credits INTEGER, transaction_type TEXT,
    payment_id INTEGER, created_at TEXT);
"""
MOST_LINES = 15


def settings_lines(text: str) -> list[str]:
    """What counts as a setting: neither a remark nor an empty line."""
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def sell(shop: ExistingShop, price: str, user: int) -> Payment:
    shop.clock.now += 3600
    asked: Any = {
        "mode": "payment",
        "success_url": "https://shop.example/done",
        "line_items": [{"price": price, "quantity": 1}],
        "metadata": {"account": str(user)},
    }
    return pay(shop.client, shop.client.v1.checkout.sessions.create(asked).id, "tok_visa")


def fill(path: Path, shop: ExistingShop) -> str | None:
    """Three prices after another, each sold three times; the payment that has no rows."""
    product = shop.client.v1.products.create({"name": "Starter"}).id
    api = shop.client.v1.prices
    prices = [api.create({"product": product, "currency": "usd", "unit_amount": 900}).id for _ in range(3)]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(TABLES)
        for number in range(1, 10):
            place = (number - 1) // 3
            paid = sell(shop, prices[place], number)
            at = f"{datetime.fromtimestamp(shop.clock.now, UTC):%Y-%m-%d %H:%M:%S}"
            credits = 100 - 10 * place
            payment = (number, number, "9.00", "usd", paid.session_id, "completed", at)
            connection.execute("INSERT INTO shop_payment VALUES (?, ?, ?, ?, ?, ?, ?)", payment)
            connection.execute("INSERT INTO shop_profile VALUES (NULL, ?, ?)", (number, credits))
            entry = (number, credits, "topup", number, at)
            connection.execute("INSERT INTO shop_credittransaction VALUES (NULL, ?, ?, ?, ?, ?)", entry)
        connection.execute("DELETE FROM shop_payment WHERE id = 9")
        connection.execute("DELETE FROM shop_credittransaction WHERE payment_id = 9")
        connection.execute("UPDATE shop_profile SET credits_balance = 0 WHERE user_id = 9")
    return paid.payment_intent


def test_two_tables_become_a_query_and_few_lines_judge_the_shop_truly(cli: Cli, shop: ExistingShop) -> None:
    lost = fill(cli.folder / "shop.db", shop)
    cli.environ["DATABASE_URL"] = "sqlite:///shop.db"
    shop.later()

    assert cli("init").exit_code == 0
    written = settings_lines((cli.folder / "creditctl.toml").read_text())
    found = cli("reconcile", "--json").document["findings"]

    assert len(written) <= MOST_LINES, written
    assert 'recipe = "django"' in written
    assert any(line.startswith('query = "select t.id') for line in written)
    assert [(each["subject"], each["code"]) for each in found] == [(lost, "reconcile.missing_credit")]
