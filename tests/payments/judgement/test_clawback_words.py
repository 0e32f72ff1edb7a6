"""Sentences about a refund or dispute name the money that moved, and the entry that followed it too far."""

from __future__ import annotations

from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.findings import Stake
from tests.support.payment_shop import Shop


def test_an_entry_that_followed_the_money_and_not_its_credits(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    refund = sound.refund(key, 400)
    sound.post(-150, "u7", kind=EntryKind.REFUND, amount=-400, payment_key=key, object_id=refund)
    report = sound.reconcile()
    (finding,) = report.findings
    assert (finding.code, finding.stake) == ("reconcile.refund_not_taken", Stake(250, 250, "usd"))
    assert f"$4.00 went back to user u7 by refund {refund}, but 250 of its credits were not" in finding.message
    assert sound.repair(report).findings == ()


def test_an_entry_that_gave_too_much_back_is_named(sound: Shop) -> None:
    key = sound.pay(user="u7")
    refund = sound.refund(key, 400)
    sound.fulfil(key)
    sound.shelf.objects["refunds"][refund]["status"] = "failed"
    gave = sound.post(900, "u7", kind=EntryKind.REFUND_REVERSAL, amount=400, payment_key=key, object_id=refund)
    report = sound.reconcile()
    (finding,) = report.findings
    assert (finding.code, finding.stake) == ("reconcile.refund_over_returned", Stake(500, 500, "usd"))
    assert f"Entry {gave.id} gave 900 credits back to user u7 for refund {refund}: 500 credits more" in finding.message
    assert [repair.credits for repair in report.repairs] == [-500]
    assert sound.repair(report).findings == ()
