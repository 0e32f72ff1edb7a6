"""`checklist --with-session` makes one session through the backend, looks at it, expires it, and says so before."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.production.world import Production


def sells(production: Production, **changes: Any) -> list[str]:
    """The backend's purchase API; returns the buyers it was asked for."""
    buyers: list[str] = []

    def purchase(user: str) -> tuple[int, str]:
        buyers.append(user)
        made = production.begin(user, **changes)
        return 200, f'{{"success": true, "payment_url": "{made.url}"}}'

    production.backend.purchase = purchase
    return buyers


def redirects(production: Production) -> tuple[str, str, str]:
    outcome = production.checklist("--with-session", "--only", "redirects")
    (check,) = outcome.report["checks"]
    return check["status"], check["evidence"], outcome.stderr


def test_the_session_is_made_looked_at_and_expired(production: Production) -> None:
    buyers = sells(production)

    status, evidence, said = redirects(production)
    latest = production.client.v1.checkout.sessions.list(params={"limit": 1}).data[0]

    assert (status, latest.status, buyers) == ("pass", "expired", ["creditctl-checklist"])
    assert latest.id in evidence
    assert "Making one Checkout session" in said
    assert len(production.backend.rows()) == 1, "nobody paid"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"success_url": "http://localhost:3000/ok?session_id={CHECKOUT_SESSION_ID}"}, "localhost:3000"),
        ({"cancel_url": "https://old.example.com/"}, "cancel_url"),
    ],
)
def test_what_is_wrong_with_its_redirects_is_said(production: Production, changes: dict[str, Any], words: str) -> None:
    sells(production, **changes)

    status, evidence, _ = redirects(production)

    assert status == "fail"
    assert words in evidence


def test_a_backend_that_makes_none_fails_and_nothing_is_left_open(production: Production) -> None:
    status, evidence, _ = redirects(production)

    assert status == "fail"
    assert "answered 500" in evidence


def test_without_the_option_no_session_is_made(production: Production) -> None:
    buyers = sells(production)
    production.checklist()

    assert buyers == []
