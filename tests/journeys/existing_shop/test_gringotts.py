"""A shop on gringotts-api as it is: inline prices, its own order number as client_reference_id, the buyer in metadata.

Its sessions, rows and rounding are those of gringotts-api 0.4.0 (billing.py, crud.py, router.py).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from creditctl.emulator_client.checkout_payer import pay
from tests.support.existing_shop import ExistingShop, Sale

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli
    from tests.support.clock import Clock

TABLES = """
CREATE TABLE users (id INTEGER PRIMARY KEY, username VARCHAR, api_key_hash VARCHAR, credits INTEGER);
CREATE TABLE credit_transactions (id INTEGER PRIMARY KEY, user_id INTEGER, amount INTEGER, balance_after INTEGER,
kind VARCHAR(16), external_id VARCHAR, endpoint VARCHAR, amount_cents INTEGER, currency VARCHAR(3),
payment_intent_id VARCHAR, created_at DATETIME);
"""
SETTINGS = """
user = ["metadata.gringotts_user_id"]
[[package]]
slug = "small"
credits = 500
sold = [{ metadata = { credits = "500" }, amount = 700, currency = "usd" }]
[[package]]
slug = "large"
credits = 5000
sold = [{ metadata = { credits = "5000" }, amount = 5000, currency = "usd" }]
[source]
recipe = "gringotts-api"
"""


@pytest.fixture
def shop(emulator: Emulator, clock: Clock) -> ExistingShop:
    return ExistingShop(emulator, clock)


@pytest.fixture
def folder(cli: Cli) -> Path:
    (cli.folder / "creditctl.toml").write_text(SETTINGS)
    cli.environ["DATABASE_URL"] = "sqlite:///./gringotts.db"
    with closing(sqlite3.connect(cli.folder / "gringotts.db")) as connection:
        connection.executescript(TABLES)
        connection.executemany("INSERT INTO users VALUES (?, ?, '', 0)", [(n, f"u{n}") for n in range(1, 6)])
        connection.commit()
    return cli.folder


def buy(shop: ExistingShop, user: int, credits: int, cents: int) -> Sale:
    shop.clock.now += 3600
    metadata = {"gringotts_order_id": f"o{shop.clock.now}", "gringotts_user_id": str(user)}
    price: Any = {"currency": "usd", "unit_amount": cents, "product_data": {"name": f"Pack: {credits} credits"}}
    session = shop.client.v1.checkout.sessions.create(
        params={
            "mode": "payment",
            "success_url": "https://shop.example/buy?status=success",
            "client_reference_id": metadata["gringotts_order_id"],
            "line_items": [{"price_data": price, "quantity": 1}],
            "metadata": {**metadata, "credits": str(credits)},
            "payment_intent_data": {"metadata": metadata},
        }
    )
    paid = pay(shop.client, session.id, "tok_visa")
    return Sale(str(user), credits, cents, str(paid.payment_intent), session.id, "", int(shop.clock.now))


def add(folder: Path, user: int, amount: int, kind: str, **more: Any) -> None:
    row = {"user_id": user, "amount": amount, "kind": kind, "created_at": "2026-09-21 20:00:00.000000"} | more
    with closing(sqlite3.connect(folder / "gringotts.db")) as connection:
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO credit_transactions ({names}) VALUES ({marks})", list(row.values()))
        connection.execute("UPDATE users SET credits = credits + ? WHERE id = ?", (amount, user))
        connection.commit()


def credit(
    folder: Path, sale: Sale, *, user: int | None = None, credits: int | None = None, key: str | None = None
) -> None:
    add(
        folder,
        user or int(sale.user),
        credits or sale.credits,
        "purchase",
        external_id=key or sale.session,
        amount_cents=sale.amount,
        currency="usd",
        payment_intent_id=sale.intent,
    )


def test_honest_sales_are_clean_and_lost_ones_are_found(cli: Cli, shop: ExistingShop, folder: Path) -> None:
    honest, part, lost, other = (
        buy(shop, 1, 500, 700), buy(shop, 2, 5000, 5000), buy(shop, 3, 500, 700), buy(shop, 4, 500, 700),
    )  # fmt: skip
    credit(folder, honest)
    credit(folder, part)
    credit(folder, other)
    refund = shop.refund(part, 333)
    add(folder, 2, -333, "clawback", external_id=refund, endpoint="stripe:refund", amount_cents=333,
        currency="usd", payment_intent_id=part.intent)  # fmt: skip
    add(folder, 5, 100, "grant")
    add(folder, 5, -30, "charge", endpoint="/api")
    add(folder, 5, 10, "refund", endpoint="/api")
    third = shop.refund(other, 200)
    add(folder, 4, -143, "clawback", external_id=third, endpoint="stripe:refund", amount_cents=200, currency="usd",
        payment_intent_id=other.intent)  # fmt: skip
    shop.later()

    outcome = cli("reconcile", "--json")

    found = [(each["code"], each["subject"]) for each in outcome.document["findings"]]
    assert found == [("reconcile.missing_credit", lost.intent)], outcome.stdout
    assert "500 credits" in outcome.document["findings"][0]["message"]


def test_planted_faults_are_named(cli: Cli, shop: ExistingShop, folder: Path) -> None:
    wrong, short, twice = buy(shop, 1, 500, 700), buy(shop, 2, 5000, 5000), buy(shop, 3, 500, 700)
    credit(folder, wrong, user=4)
    credit(folder, short, credits=500)
    credit(folder, twice)
    credit(folder, twice, key="evt_1another")
    with closing(sqlite3.connect(folder / "gringotts.db")) as connection:
        connection.execute("UPDATE users SET credits = credits + 7 WHERE id = 5")
        connection.commit()
    shop.later()

    outcome = cli("reconcile", "--json")

    found = sorted((each["code"].removeprefix("reconcile."), each["subject"]) for each in outcome.document["findings"])
    wanted = [("duplicate_credit", twice.intent), ("wrong_amount", short.intent), ("wrong_user", wrong.intent)]
    assert [each for each in found if each[0] != "balance_mismatch"] == wanted, outcome.stdout
    assert ("balance_mismatch", "user 5") in found
