"""Shops on PostgreSQL: Prisma's quoted camel case and Django's two tables, read by one who may only SELECT."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import psycopg
import pytest

from tests.support.existing_shop import ExistingShop, Sale
from tests.support.postgresql import PostgresqlServer, running_postgresql

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli
    from tests.support.clock import Clock

READER = "reads-only"
PRISMA = """
CREATE TYPE "CreditTransactionType" AS ENUM ('PURCHASE', 'USAGE', 'REFUND', 'BONUS');
CREATE TABLE "CreditTransaction" (
    id text PRIMARY KEY, "userId" text NOT NULL, amount integer NOT NULL, type "CreditTransactionType" NOT NULL,
    "stripePaymentIntentId" text, metadata jsonb, "createdAt" timestamp(3) NOT NULL DEFAULT now(), email text
)
"""
DJANGO = """
CREATE TABLE billing_payment (
    id bigint PRIMARY KEY, amount_cents integer, currency varchar(3), stripe_payment_intent_id varchar(255),
    stripe_session_id varchar(255)
);
CREATE TABLE billing_credittransaction (
    id bigint PRIMARY KEY, created_at timestamptz NOT NULL, user_id uuid NOT NULL, kind varchar(20) NOT NULL,
    credits integer NOT NULL, payment_id bigint REFERENCES billing_payment
)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    with running_postgresql() as running:
        running.execute(PRISMA)
        running.execute(DJANGO)
        running.execute(f"CREATE USER reader PASSWORD '{READER}'")
        running.execute('GRANT SELECT ON "CreditTransaction", billing_payment, billing_credittransaction TO reader')
        yield running


@pytest.fixture
def shop(emulator: Emulator, clock: Clock) -> ExistingShop:
    return ExistingShop(emulator, clock)


def codes(document: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((each["code"].removeprefix("reconcile."), each["subject"]) for each in document["findings"])


def settle(cli: Cli, server: PostgresqlServer, settings: str) -> None:
    cli.environ["DATABASE_URL"] = server.url_of("reader", READER) + "?schema=public&connection_limit=5"
    (cli.folder / "creditctl.toml").write_text(settings)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def test_a_prisma_shop(cli: Cli, shop: ExistingShop, server: PostgresqlServer) -> None:
    settle(cli, server, '[source]\nrecipe = "prisma"\n')

    def add(name: str, sale: Sale, **changes: Any) -> None:
        row = {"id": name, "u": sale.user, "n": sale.credits, "t": "PURCHASE", "pi": sale.intent} | changes
        server.execute(
            'INSERT INTO "CreditTransaction" VALUES '
            "(%(id)s, %(u)s, %(n)s, %(t)s, %(pi)s, NULL, %(at)s, 'a@b.example')",
            {"at": at(sale.created), **row},
        )

    honest, lost, twice, refunded = (shop.buy(user) for user in ("ada", "ben", "cy", "di"))
    add("c1", honest)
    add("c2", twice)
    add("c3", twice)
    add("c4", refunded)
    shop.refund(refunded)
    add("c5", refunded, t="REFUND", n=-1000)
    add("c6", honest, t="USAGE", n=-3, pi=None)
    add("c7", honest, t="BONUS", n=50, pi=None)
    shop.later()

    outcome = cli("reconcile", "--json")

    assert codes(outcome.document) == [("duplicate_credit", twice.intent), ("missing_credit", lost.intent)], outcome
    assert "row c" in outcome.stdout
    assert "example" not in outcome.stdout
    with psycopg.connect(server.url_of("reader", READER)) as connection, pytest.raises(psycopg.Error):
        connection.execute('DELETE FROM "CreditTransaction"')


def test_a_django_shop_whose_users_are_written_without_dashes_on_stripe(
    cli: Cli, shop: ExistingShop, server: PostgresqlServer
) -> None:
    settle(cli, server, '[source]\nrecipe = "django"\n')
    users = [uuid5(UUID(int=7), str(number)) for number in range(4)]
    sales = [shop.buy(user.hex) for user in users]

    def add(number: int, sale: Sale, user: UUID) -> None:
        values = (number, sale.amount, "usd", None if number % 2 else sale.intent, sale.session)
        marks = "(%(a)s, %(b)s, %(c)s, %(d)s, %(e)s)"
        server.execute(f"INSERT INTO billing_payment VALUES {marks}", dict(zip("abcde", values, strict=True)))
        server.execute(
            "INSERT INTO billing_credittransaction VALUES (%(id)s, %(at)s, %(user)s, 'topup', 1000, %(id)s)",
            {"id": number, "at": datetime.fromtimestamp(sale.created, UTC), "user": user},
        )

    for number, (sale, user) in enumerate(zip(sales, users, strict=True)):
        add(number, sale, user)
    shop.later()

    unmapped = cli("reconcile", "--json")
    settle(cli, server, '[source]\nrecipe = "django"\n[source.users]\nform = "uuid"\n')
    mapped = cli("reconcile", "--json")
    server.execute("UPDATE billing_credittransaction SET user_id = %(other)s WHERE id = 2", {"other": users[3]})
    wrong = cli("reconcile", "--json")

    assert codes(unmapped.document) == [("user_mapping", "source")]
    assert 'form = "uuid"' in unmapped.document["findings"][0]["fix"]
    assert (mapped.exit_code, codes(mapped.document)) == (0, [])
    named = [code for code, _ in codes(wrong.document)]
    assert named == ["row_changed", "wrong_user"]
