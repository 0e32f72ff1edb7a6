"""A shop in two regions on one account: prices that changed twice, dashless users, refunds in place and by hand."""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.emulator_client.checkout_payer import pay
from tests.support.existing_shop import BASE
from tests.support.keys import TEST_KEY

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli
    from tests.support.clock import Clock

TABLE = """
CREATE TABLE "CreditLog" ("id" TEXT PRIMARY KEY, "accountId" TEXT, "type" TEXT, "state" TEXT, "delta" NUMERIC,
"paymentRef" TEXT, "isLive" INTEGER, "createdAt" INTEGER, "note" TEXT);
"""
SETTINGS = """
deployment = "eu"
deployment_match = {{ "metadata.region" = "eu" }}
user = ["metadata.account"]
[[package]]
slug = "pack"
credits = 600
sold = [
  {{ price = "{price}", credits = 300, until = 2026-09-25 }},
  {{ price = "{price}", credits = 400, from = 2026-09-25, until = 2026-10-05 }},
  {{ price = "{price}", from = 2026-10-05, quantity = "multiply" }},
]
[source]
table = "CreditLog"
other = "ignore"
[source.columns]
user_id = "accountId"
kind = "type"
status = "state"
credits = "delta"
payment_key = "paymentRef"
livemode = "isLive"
created = "createdAt"
[source.kind]
TOPUP = "purchase"
SPEND = "usage"
MANUAL = "adjustment"
[source.status]
ok = "done"
wait = "pending"
refunded = "void"
failed = "void"
[source.users]
form = "uuid"
"""
DAY = 86_400


@dataclass
class Region:
    """Buyers of one region, and the rows of the other one's neighbour."""

    emulator: Emulator
    clock: Clock
    path: Path
    price: str = ""
    rows: int = 0

    def __post_init__(self) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.executescript(TABLE)
        product = self.api.products.create(params={"name": "Pack"})
        self.price = self.api.prices.create(params={"product": product.id, "currency": "eur", "unit_amount": 900}).id

    @property
    def client(self) -> stripe.StripeClient:
        http = EmulatorHTTPClient(self.emulator)
        return stripe.StripeClient(TEST_KEY, http_client=http, base_addresses={"api": BASE}, max_network_retries=0)

    @property
    def api(self) -> Any:
        return self.client.v1

    def buy(self, account: uuid.UUID, region: str = "eu", quantity: int = 1) -> tuple[str, str]:
        """Payment intent and charge of a sale."""
        self.clock.now += 3600
        params: Any = {
            "mode": "payment",
            "success_url": "https://shop.example/done",
            "line_items": [{"price": self.price, "quantity": quantity}],
            "metadata": {"account": str(account), "region": region},
        }
        session = self.api.checkout.sessions.create(params=params)
        intent = str(pay(self.client, session.id, "tok_visa").payment_intent)
        return intent, str(self.api.payment_intents.retrieve(intent).latest_charge)

    def run(self, statement: str, *values: Any) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(statement, values)

    def row(self, account: uuid.UUID, kind: str, delta: float, ref: str | None = None, **changes: Any) -> str:
        self.rows += 1
        known = {"state": "ok", "isLive": 0, "note": None, "createdAt": self.clock.now * 1000} | changes
        name = f"row-{self.rows}"
        values = (name, account.hex, kind, known["state"], delta, ref, known["isLive"], known["createdAt"], "")
        self.run('INSERT INTO "CreditLog" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)', *values)
        return name

    def refund(self, intent: str, amount: int | None = None) -> str:
        self.clock.now += 3600
        return str(
            self.api.refunds.create(params={"payment_intent": intent} | ({"amount": amount} if amount else {})).id
        )


@pytest.fixture
def region(emulator: Emulator, clock: Clock, cli: Cli) -> Region:
    built = Region(emulator, clock, cli.folder / "shop.db")
    cli.environ["DATABASE_URL"] = "sqlite:///shop.db"
    (cli.folder / "creditctl.toml").write_text(SETTINGS.format(price=built.price))
    return built


ACCOUNTS = [uuid.UUID(int=number << 64 | number) for number in range(1, 12)]


def codes(cli: Cli) -> list[tuple[str, str]]:
    outcome = cli("reconcile", "--json")
    assert outcome.exit_code in (0, 1), outcome.stderr
    found = outcome.document["findings"]
    return sorted((each["code"].removeprefix("reconcile."), each["subject"]) for each in found)


def test_no_honest_sale_of_either_region_is_accused(cli: Cli, region: Region) -> None:
    one, two, three, four, five, *_ = ACCOUNTS
    region.row(one, "TOPUP", 300, region.buy(one)[0])
    region.buy(two, "us")
    region.clock.now += 10 * DAY
    region.row(two, "TOPUP", 400, region.buy(two)[1])
    region.clock.now += 10 * DAY
    region.row(three, "TOPUP", 1200, region.buy(three, quantity=2)[0])
    whole, part = region.buy(four)[0], region.buy(five)[0]
    region.row(four, "TOPUP", 600, whole, state="refunded")
    region.refund(whole)
    region.row(five, "TOPUP", 600, part)
    region.refund(part, 450)
    region.row(five, "MANUAL", -300, part)
    region.row(one, "MANUAL", 50)
    region.row(one, "GIFT", 10)
    for _ in range(500):
        region.row(three, "SPEND", -0)
    region.clock.now += DAY

    assert codes(cli) == []


def test_planted_faults_are_found_and_nothing_else(cli: Cli, region: Region) -> None:
    region.clock.now += 20 * DAY
    sales = [region.buy(account)[0] for account in ACCOUNTS]
    lost, short, twice, other, open_, kept, over, live, refunded, gone, old = sales
    accounts = dict(zip(sales, ACCOUNTS, strict=True))
    region.row(accounts[short], "TOPUP", 400, short)
    region.row(accounts[twice], "TOPUP", 600, twice)
    region.row(accounts[twice], "TOPUP", 600, twice)
    region.row(accounts[lost], "TOPUP", 600, other)
    region.row(accounts[open_], "TOPUP", 600, open_, state="wait")
    region.row(accounts[kept], "TOPUP", 600, kept)
    refund = region.refund(kept)
    region.row(accounts[over], "TOPUP", 600, over)
    region.refund(over, 90)
    region.row(accounts[over], "MANUAL", -600, over)
    region.row(accounts[live], "TOPUP", 600, live, isLive=1)
    region.row(accounts[refunded], "TOPUP", 600, refunded, state="refunded")
    row = region.row(accounts[gone], "TOPUP", 600, gone)
    region.row(accounts[old], "TOPUP", 600, old)
    region.row(ACCOUNTS[0], "TOPUP", 600, "pi_invented")
    us = region.buy(ACCOUNTS[1], "us")[0]
    region.row(ACCOUNTS[1], "TOPUP", 600, us)
    region.clock.now += DAY
    cli("reconcile")
    region.run('DELETE FROM "CreditLog" WHERE id = ?', row)
    region.run('UPDATE "CreditLog" SET delta = 6000 WHERE "paymentRef" = ?', old)

    assert codes(cli) == sorted(
        [
            ("missing_credit", lost),
            ("wrong_amount", short),
            ("duplicate_credit", twice),
            ("wrong_user", other),
            ("pending_not_completed", open_),
            ("refund_not_taken", refund),
            ("refund_over_taken", over),
            ("mode_mix", live),
            ("missing_credit", refunded),
            ("missing_credit", gone),
            ("row_gone", "row row-11 (change 2)"),
            ("wrong_amount", old),
            ("row_changed", "row row-12 (change 1)"),
            ("orphan_credit", "pi_invented"),
            ("not_ours_credit", us),
        ]
    )
