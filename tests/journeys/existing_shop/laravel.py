"""A Laravel shop on SQLite for journeys: snake case, what Stripe says in a JSON column, a cached balance."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.existing_shop import ExistingShop, Sale

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli
    from tests.support.clock import Clock

TABLES = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, credits INTEGER NOT NULL DEFAULT 0);
CREATE TABLE credit_transactions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL, type VARCHAR(20) NOT NULL, amount INTEGER NOT NULL,
    status VARCHAR(20) NOT NULL, meta JSON, created_at DATETIME, updated_at DATETIME
);
"""
SETTINGS = """
[source]
url_env = "DATABASE_URL"
recipe = "laravel"
[source.balance]
table = "users"
user_id = "id"
column = "credits"
"""


class Laravel:
    """The application's database."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(TABLES)

    def run(self, statement: str, *values: Any) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute(statement, values)
            connection.commit()

    def row(self, kind: str, user: str, amount: int, at: int, meta: dict[str, str], status: str = "completed") -> None:
        when = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
        self.run(
            "INSERT INTO credit_transactions (user_id, type, amount, status, meta, created_at, updated_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            user, kind, amount, status, json.dumps(meta), when, when,
        )  # fmt: skip
        if status == "completed":
            self.run("INSERT OR IGNORE INTO users VALUES (?, ?, 0)", user, f"u{user}@example.com")
            self.run("UPDATE users SET credits = credits + ? WHERE id = ?", amount, user)

    def usage(self, count: int, user: int) -> None:
        """Many small rows, each of which takes one credit or none."""
        self.run(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            "INSERT INTO credit_transactions (user_id, type, amount, status, meta, created_at, updated_at) "
            "SELECT ?, 'usage', -(i % 2), 'completed', NULL, '2026-09-22 10:00:00', '2026-09-22 10:00:00' FROM n",
            count, user,
        )  # fmt: skip
        self.run("UPDATE users SET credits = credits - ? WHERE id = ?", (count + 1) // 2, user)

    def credit(self, sale: Sale, **changes: Any) -> None:
        values: dict[str, Any] = {
            "user": sale.user,
            "amount": sale.credits,
            "meta": {"payment_intent": sale.intent},
        } | changes
        self.row("purchase", at=sale.created, **values)


@pytest.fixture
def shop(emulator: Emulator, clock: Clock) -> ExistingShop:
    return ExistingShop(emulator, clock)


@pytest.fixture
def laravel(cli: Cli) -> Laravel:
    cli.environ["DATABASE_URL"] = "sqlite:///database.sqlite"
    (cli.folder / "creditctl.toml").write_text(SETTINGS)
    return Laravel(cli.folder / "database.sqlite")


def codes(document: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((each["code"].removeprefix("reconcile."), each["subject"]) for each in document["findings"])
