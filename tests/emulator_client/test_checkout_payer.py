"""The shopper: pays open sessions with test cards, tells declines apart, and never touches a live session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pytest
import stripe

from creditctl.core.errors import GuardRefused
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.emulator_client.checkout_payer import pay
from tests.support.clock import Clock
from tests.support.keys import TEST_KEY, live_key

LIVE_KEY = live_key("emulator0000000000")


class NewShop(Protocol):
    """A client and an open session of ten dollars, in test or in live mode."""

    def __call__(self, key: str, *, livemode: bool = False) -> tuple[stripe.StripeClient, str]: ...


@pytest.fixture
def shop(clock: Clock) -> Iterator[NewShop]:
    """A client and an open session of ten dollars, in test or in live mode."""
    emulators: list[Emulator] = []

    def make(key: str, *, livemode: bool = False) -> tuple[stripe.StripeClient, str]:
        emulators.append(Emulator(clock=clock, seed=1, livemode=livemode))
        client = stripe.StripeClient(key, http_client=EmulatorHTTPClient(emulators[-1]), max_network_retries=0)
        session = client.v1.checkout.sessions.create(
            params={
                "mode": "payment",
                "line_items": [
                    {
                        "price_data": {"currency": "usd", "unit_amount": 1000, "product_data": {"name": "Starter"}},
                        "quantity": 1,
                    }
                ],
                "success_url": "https://shop.example.com/done",
            }
        )
        return client, session.id

    yield make
    for emulator in emulators:
        emulator.close()


def test_a_good_card_completes_the_session(shop: NewShop) -> None:
    client, session_id = shop(TEST_KEY)

    payment = pay(client, session_id, "tok_visa")

    assert payment.paid
    session = client.v1.checkout.sessions.retrieve(session_id)
    assert (session.status, session.payment_status, session.payment_intent) == (
        "complete",
        "paid",
        payment.payment_intent,
    )


def test_a_decline_is_an_answer_and_leaves_the_session_open(shop: NewShop) -> None:
    client, session_id = shop(TEST_KEY)

    payment = pay(client, session_id, "tok_visa_chargeDeclinedInsufficientFunds")

    assert (payment.paid, payment.decline_code) == (False, "insufficient_funds")
    assert client.v1.checkout.sessions.retrieve(session_id).status == "open"


def test_a_live_session_is_refused_before_anything_is_made(shop: NewShop) -> None:
    client, session_id = shop(LIVE_KEY, livemode=True)
    before = [event.id for event in client.v1.events.list().data]

    with pytest.raises(GuardRefused, match="live"):
        pay(client, session_id, "tok_visa")

    assert client.v1.checkout.sessions.retrieve(session_id).status == "open"
    assert [event.id for event in client.v1.events.list().data] == before
