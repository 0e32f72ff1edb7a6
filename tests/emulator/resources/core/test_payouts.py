"""Payouts by hand, step by step."""

from tests.emulator.world import Refused, World, assert_adds_up


def test_payouts_go_step_by_step(emulated: World, refused: Refused) -> None:
    emulated.pay("pm_card_bypassPending", amount=2000)
    create = {"amount": 1100, "currency": "usd"}
    payout = emulated.stripe.payouts.create(params=create)
    assert (payout.status, payout.automatic, payout.arrival_date % 86_400) == ("pending", False, 0)
    assert refused(lambda: emulated.stripe.payouts.create(params=create)).code == "balance_insufficient"
    assert_adds_up(emulated.stripe)
    emulated.advance(86_400)
    assert emulated.stripe.payouts.retrieve(payout.id).status == "in_transit"
    emulated.advance(2 * 86_400)
    assert emulated.stripe.payouts.retrieve(payout.id).status == "paid"
    failed = emulated.control("POST", f"/payouts/{payout.id}/fail", code="account_closed")
    assert (failed["status"], failed["failure_code"]) == ("failed", "account_closed")
    types = [name for name in emulated.event_types() if name.startswith("payout")]
    assert types == ["payout.created", "payout.updated", "payout.paid", "payout.failed"]
    back = emulated.stripe.balance_transactions.retrieve(failed["failure_balance_transaction"])
    told = back.type, back.reporting_category, back.description
    assert told == ("payout_failure", "payout_reversal", "REFUND FOR PAYOUT (STRIPE PAYOUT)")
    assert_adds_up(emulated.stripe)


def test_canceling_a_payout(emulated: World, refused: Refused) -> None:
    emulated.pay("pm_card_bypassPending")
    payout = emulated.stripe.payouts.create(params={"amount": 500, "currency": "usd"})
    assert emulated.stripe.payouts.cancel(payout.id).status == "canceled"
    assert refused(lambda: emulated.stripe.payouts.cancel(payout.id)).http_status == 400
    assert_adds_up(emulated.stripe)
