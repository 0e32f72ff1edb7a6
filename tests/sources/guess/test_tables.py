"""Which tables of a database may be the ledger: by what they are called, and by what they hold."""

from __future__ import annotations

import pytest

from creditctl.sources.guess.tables import candidates

LEDGER = ("id", "user_id", "credits", "created_at", "stripe_session_id")
EVENTS = ("position", "stream_id", "event_type", "payload", "occurred_at")


@pytest.mark.parametrize(
    ("tables", "found"),
    [
        ({"credit_transactions": LEDGER, "posts": ("id", "title")}, ["credit_transactions"]),
        ({"wallet_events": EVENTS}, ["wallet_events"]),
        ({"webhook_events": EVENTS, "event_log": EVENTS}, []),
        ({"wallet_events": EVENTS, "credit_transactions": LEDGER}, ["credit_transactions", "wallet_events"]),
    ],
)
def test_a_ledger_and_an_event_store_are_told_from_the_rest(
    tables: dict[str, tuple[str, ...]], found: list[str]
) -> None:
    assert [each.name for each in candidates(tables)] == found
