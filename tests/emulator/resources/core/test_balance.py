"""Balance endpoints."""

import json

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request
from tests.emulator.world import Inside, World
from tests.support.keys import TEST_KEY

HEADERS = {"authorization": f"Bearer {TEST_KEY}"}


def test_transactions_of_a_payout_that_does_not_exist(ask: Inside) -> None:
    status, body, _ = ask("GET", "/v1/balance_transactions", "payout=po_nope")
    assert (status, body["error"]["param"], body["error"]["code"]) == (400, "payout", "resource_missing")


def test_transactions_of_a_payout_that_is_not_automatic(ask: Inside) -> None:
    ways = "automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never"
    ask(
        "POST",
        "/v1/payment_intents",
        f"amount=1000&currency=usd&confirm=true&{ways}&payment_method=pm_card_bypassPending",
    )
    payout = ask("POST", "/v1/payouts", "amount=500&currency=usd")[1]["id"]
    status, body, _ = ask("GET", "/v1/balance_transactions", f"payout={payout}")
    words = "Balance transaction history can only be filtered on automatic transfers, not manual."
    assert (status, body["error"]["message"]) == (400, words)


def test_transactions_are_found_by_source(emulated: World) -> None:
    intent = emulated.pay("pm_card_createDispute")
    dispute = emulated.stripe.disputes.list(params={"charge": intent.latest_charge}).data[0]
    of_charge = emulated.stripe.balance_transactions.list(params={"source": intent.latest_charge})
    assert [(entry.type, entry.amount) for entry in of_charge.data] == [("charge", 1000)]
    assert [(entry.reporting_category, entry.net) for entry in dispute.balance_transactions] == [("dispute", -2500)]
    assert emulated.stripe.balance_transactions.list(params={"source": dispute.id}).data == []


def test_an_empty_balance(emulator: Emulator) -> None:
    answer = emulator.handle(Request("GET", "/v1/balance", "", HEADERS))
    available = json.loads(answer.body)["available"][0]
    assert (available["amount"], available["currency"]) == (0, "usd")
