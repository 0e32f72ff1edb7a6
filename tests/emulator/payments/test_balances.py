"""The balance adds up to its transactions, to the cent, at every moment."""

from typing import Any

import stripe
from hypothesis import given, settings
from hypothesis import strategies as st

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from tests.emulator.world import World, assert_adds_up
from tests.support.clock import NOW
from tests.support.keys import TEST_KEY

ACTS = st.sampled_from(
    [
        ("pay", "pm_card_visa"),
        ("pay", "pm_card_bypassPending"),
        ("pay", "pm_card_createDispute"),
        ("pay", "pm_card_refundFail"),
        ("pay", "pm_card_pendingRefund"),
        ("refund", "300"),
        ("win", ""),
        ("payout", "200"),
        ("wait", "3"),
        ("wait", "200000"),
    ]
)


def test_a_charge_settles(emulated: World) -> None:
    emulated.pay()
    emulated.advance(2)
    balance = emulated.stripe.balance.retrieve()
    assert (balance.available[0].amount, balance.pending[0].amount) == (0, 941)
    assert_adds_up(emulated.stripe)
    emulated.advance(3 * 86_400)
    balance = emulated.stripe.balance.retrieve()
    assert (balance.available[0].amount, balance.pending[0].amount) == (941, 0)
    assert "balance.available" in emulated.event_types()
    assert_adds_up(emulated.stripe)


@settings(max_examples=25, deadline=None)
@given(st.lists(ACTS, max_size=14))
def test_whatever_happens_it_adds_up(acts: list[tuple[str, str]]) -> None:
    now = [NOW]
    emulator = Emulator(clock=lambda: now[0])
    http = EmulatorHTTPClient(emulator)
    client: Any = stripe.StripeClient(TEST_KEY, http_client=http, max_network_retries=0).v1
    paid: list[str] = []
    for act, value in acts:
        try:
            if act == "wait":
                now[0] += int(value)
            elif act == "pay":
                params = {"amount": 1234, "currency": "usd", "confirm": True, "payment_method": value}
                paid.append(client.payment_intents.create(params={**params, "return_url": "https://example.com"}).id)
            elif act == "refund" and paid:
                client.refunds.create(params={"payment_intent": paid[-1], "amount": int(value)})
            elif act == "payout":
                client.payouts.create(params={"amount": int(value), "currency": "usd"})
            elif act == "win":
                for dispute in client.disputes.list().data:
                    evidence = {"uncategorized_text": "winning_evidence"}
                    client.disputes.update(dispute.id, params={"evidence": evidence})
        except stripe.InvalidRequestError:
            pass
        assert_adds_up(client)
    emulator.close()
