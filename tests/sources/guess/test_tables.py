"""Which tables of a database may be the ledger: by what they are called, and by what they hold."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from creditctl.sources.databases.url import parse_url
from creditctl.sources.guess.tables import candidates, ledger_tables

LEDGER = ("id", "user_id", "credits", "created_at", "stripe_session_id")
EVENTS = ("position", "stream_id", "event_type", "payload", "occurred_at")


@pytest.mark.parametrize(
    ("tables", "found"),
    [
        ({"credit_transactions": LEDGER, "posts": ("id", "title")}, ["credit_transactions"]),
        ({"wallet_events": EVENTS}, ["wallet_events"]),
        ({"webhook_events": EVENTS, "event_log": EVENTS}, []),
        ({"archived_credits_log": LEDGER, "credits_log": LEDGER}, ["credits_log", "archived_credits_log"]),
        ({"wallet_events": EVENTS, "credit_transactions": LEDGER}, ["credit_transactions", "wallet_events"]),
    ],
)
def test_a_ledger_and_an_event_store_are_told_from_the_rest(
    tables: dict[str, tuple[str, ...]], found: list[str]
) -> None:
    assert [each.name for each in candidates(tables)] == found


def test_of_tables_with_the_same_columns_the_fullest_is_the_ledger(tmp_path: Path) -> None:
    """What an archive, or a view with a condition, leaves out would look as if it was never booked."""
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.executescript(
            f"""
            CREATE TABLE credit_rows ({", ".join(LEDGER)}); CREATE TABLE credit_old ({", ".join(LEDGER)});
            CREATE VIEW active_credit_ledger AS SELECT * FROM credit_rows WHERE id > 1;
            CREATE TABLE wallet_events ({", ".join(EVENTS)});
            INSERT INTO credit_rows (id) VALUES (1), (2), (3); INSERT INTO credit_old (id) VALUES (4), (5);
            """
        )

    first, *others = ledger_tables(parse_url("sqlite:///app.db"), tmp_path)

    assert (first.name, first.reason.rpartition(", ")[2]) == (
        "credit_rows",
        "the most rows of 3 tables with these columns",
    )
    assert [each.name for each in others] == ["active_credit_ledger", "credit_old", "wallet_events"]
