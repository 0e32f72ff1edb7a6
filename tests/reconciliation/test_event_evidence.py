"""A missing credit says what became of its event: still on its way, waited for by nobody, never made, or too old."""

from __future__ import annotations

import pytest

from creditctl.core.findings import Finding
from tests.support.payment_shop import Shop, only
from tests.support.scripted_stripe import StripeAnswer, answers, error


def announce(shop: Shop, key: str, pending: int) -> None:
    """The event of a payment, as Stripe lists it."""
    session = shop.session_of(key)
    body = {"id": "evt_1", "object": "event", "type": "checkout.session.completed", "created": session["created"]}
    shop.shelf.put("events", {**body, "pending_webhooks": pending, "data": {"object": session}})


@pytest.mark.parametrize(
    ("pending", "words"), [(1, "Its event evt_1 was not taken by 1 endpoint yet."), (0, "evt_1 waits for no endpoint")]
)
def test_the_event_of_a_missing_credit_is_evidence(sound: Shop, pending: int, words: str) -> None:
    announce(sound, sound.pay(user="u7"), pending)

    found: Finding = only(sound)

    assert words in found.message
    assert "evt_1" in found.evidence


def test_what_no_event_was_made_of_is_missing_all_the_same(sound: Shop) -> None:
    sound.pay(user="u7")
    assert "Stripe lists no event of it from the hour after its payment: perhaps none was made." in only(sound).message


def test_an_event_that_stripe_no_longer_lists_is_not_looked_for(sound: Shop) -> None:
    sound.pay(user="u7", age=40 * 86_400)
    events = sound.http.on(answers(StripeAnswer({}, 500)), path="/v1/events")
    assert "older than the 30 days" in only(sound).message
    assert events.seen == 0


def test_a_key_that_may_not_read_events_changes_no_finding(sound: Shop) -> None:
    sound.pay(user="u7")
    sound.http.on(answers(error(403)), path="/v1/events")
    assert only(sound).code == "reconcile.missing_credit"
