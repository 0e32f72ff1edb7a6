"""Every refund or dispute that was not followed, or too far, is found exactly, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from creditctl.core.entitlement.settlement import EntryKind
from creditctl.payments.correct import adjust
from tests.support.ledger_calls import adjusted
from tests.support.payment_shop import Shop


def test_refund_not_taken(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    refund = sound.refund(key, 250)
    report = sound.reconcile()
    (finding,) = report.findings
    assert (finding.code, finding.subject) == ("reconcile.refund_not_taken", refund)
    assert "$2.50" in finding.message
    assert "250 credits" in finding.message
    assert [draft.idempotency_key for draft in report.repairs[0].drafts] == [f"refund:{refund}"]


def test_a_second_partial_refund_not_taken(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.refund(key, 250, age=7200)
    sound.fulfil(key)
    second = sound.refund(key, 333)
    assert sound.found() == [("refund_not_taken", second)]


def test_the_first_of_two_refunds_not_taken(sound: Shop) -> None:
    """What follows the second in its place would be delivered, or booked, for one that was followed."""
    key = sound.pay(user="u7")
    sound.refund(key, 250, age=3600)
    sound.fulfil(key)
    first = sound.refund(key, 333, age=7200)
    report = sound.reconcile()
    assert [(each.code, each.subject) for each in report.findings] == [("reconcile.refund_not_taken", first)]
    assert [draft.idempotency_key for draft in report.repairs[0].drafts] == [f"refund:{first}"]
    assert sound.repair(report).clean


def test_a_young_refund_is_in_flight(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    sound.refund(key, 250, age=30)
    report = sound.reconcile()
    assert [finding.code for finding in report.findings] == ["reconcile.in_flight"]
    assert report.repairs == ()


def test_refund_failed_not_returned(sound: Shop) -> None:
    key = sound.pay(user="u7")
    refund = sound.refund(key, 400)
    sound.fulfil(key)
    sound.shelf.objects["refunds"][refund]["status"] = "failed"
    report = sound.reconcile()
    assert [(f.code, f.subject) for f in report.findings] == [("reconcile.refund_failed_not_returned", refund)]
    assert report.repairs[0].credits == 400


def test_refund_over_taken(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    taking = sound.post(-300, "u7", kind=EntryKind.REFUND, amount=-300, payment_key=key, object_id="re_unknown")
    report = sound.reconcile()
    (finding,) = report.findings
    assert (finding.code, finding.subject) == ("reconcile.refund_over_taken", key)
    assert f"Entry {taking.id} took 300 credits of user u7 for refund re_unknown, which Stripe" in finding.message
    assert f"--credits 300 --corrects {taking.id} " in finding.fix
    assert report.repairs == ()
    adjusted(sound.ledger, user_id="u7", credits=300, reason="given back", key="a", corrects=taking.id)
    assert sound.found() == [("settled_finding", key)]


def test_an_entry_that_took_too_much_is_named_and_its_refund_not_blamed(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    refund = sound.refund(key, 400)
    taking = sound.post(-700, "u7", kind=EntryKind.REFUND, amount=-700, payment_key=key, object_id=refund)
    report = sound.reconcile()
    (finding,) = report.findings
    assert (finding.code, finding.subject) == ("reconcile.refund_over_taken", refund)
    assert f"Entry {taking.id} took 700 credits of user u7 for refund {refund}: 300 credits more" in finding.message
    assert "did not go through" not in finding.message
    assert [repair.credits for repair in report.repairs] == [300]
    assert sound.repair(report).findings == ()


def test_what_was_taken_for_an_inquiry_is_not_called_ours_again(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    inquiry = sound.dispute(key, 1000, "warning_needs_response")
    sound.post(-1000, "u7", kind=EntryKind.DISPUTE, amount=-1000, payment_key=key, object_id=inquiry)
    report = sound.reconcile()
    (finding,) = report.findings
    assert finding.code == "reconcile.refund_over_taken"
    assert "ours again" not in finding.message
    assert "holds no money" in finding.message
    assert sound.repair(report).findings == ()


def test_a_clawback_of_another_user_names_both(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    refund = sound.refund(key, 400)
    taking = sound.post(-400, "u8", kind=EntryKind.REFUND, amount=-400, payment_key=key, object_id=refund)
    (finding,) = sound.reconcile().findings
    assert (finding.code, finding.subject) == ("reconcile.clawback_wrong_user", refund)
    assert f"Entry {taking.id} took 400 credits back of user u8 for refund {refund}" in finding.message
    assert "user u7 was credited" in finding.message
    assert f"--user u8 --credits 400 --corrects {taking.id} " in finding.fix
    assert f"--user u7 --credits -400 --corrects {taking.id} " in finding.fix


@pytest.mark.parametrize(
    ("status", "name"),
    [
        ("needs_response", "dispute_not_held"),
        ("under_review", "dispute_not_held"),
        ("lost", "dispute_lost_not_taken"),
    ],
)
def test_dispute_not_held(sound: Shop, status: str, name: str) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    dispute = sound.dispute(key, 1000, status)
    report = sound.reconcile()
    assert [(f.code, f.subject) for f in report.findings] == [(f"reconcile.{name}", dispute)]
    assert report.repairs[0].credits == -1000


def test_an_inquiry_holds_nothing(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    sound.dispute(key, 1000, "warning_needs_response")
    assert sound.reconcile().findings == ()


def test_dispute_won_not_returned(sound: Shop) -> None:
    key = sound.pay(user="u7")
    dispute = sound.dispute(key, 1000)
    sound.fulfil(key)
    body = sound.shelf.objects["disputes"][dispute]
    body["status"] = "won"
    body["balance_transactions"].append({"id": "txn_back", "amount": 1000, "currency": "usd"})
    report = sound.reconcile()
    assert [(f.code, f.subject) for f in report.findings] == [("reconcile.dispute_won_not_returned", dispute)]
    assert report.repairs[0].credits == 1000


def test_a_refund_in_another_currency_cannot_be_reckoned(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    refund = sound.refund(key, 300)
    sound.shelf.objects["refunds"][refund]["currency"] = "eur"
    assert sound.found() == [("fulfilment.currency", refund)]
    assert sound.found() == [("fulfilment.currency", refund)], "kept once, shown once"


def test_credits_taken_by_hand_for_a_refund_in_another_currency_are_not_given_back(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    refund = sound.refund(key, 300)
    sound.shelf.objects["refunds"][refund]["currency"] = "eur"
    report = sound.reconcile()
    assert f"--user u7 --credits -N --key {refund} --payment {key} " in report.findings[0].fix
    with sound.ledger.transaction() as tx:
        adjust(tx, user_id="u7", credits=-340, reason="worked out", key=refund, payment_key=key)
    report = sound.reconcile()
    assert [finding.code for finding in report.findings] == ["fulfilment.currency"]
    assert report.repairs == ()


def test_a_dispute_of_which_a_part_was_returned_is_named_as_what_it_is(sound: Shop) -> None:
    """Who returns dollars instead of credits returns a hundredth: the rest is due, and nobody took too much."""
    key = sound.pay(user="u7")
    dispute = sound.dispute(key, 1000)
    sound.fulfil(key)
    sound.shelf.objects["disputes"][dispute] |= {"status": "won"}
    sound.shelf.objects["disputes"][dispute]["balance_transactions"].append(
        {"id": "txn_back", "amount": 1000, "currency": "usd"}
    )
    back: dict[str, Any] = {"kind": EntryKind.DISPUTE_REVERSAL, "amount": 1000, "object_id": dispute}
    sound.post(10, "u7", payment_key=key, **back)
    (finding,) = sound.reconcile().findings
    assert finding.code == "reconcile.dispute_won_not_returned"
    assert finding.stake is not None
    assert finding.stake.credits == 990


def test_an_entry_that_says_no_amount_is_one_fault(shop: Shop) -> None:
    """Its clawbacks are judged by what was paid: right ones are no fault of their own, and a missing one is named."""
    followed, passed_over = shop.pay(), shop.pay(user="u2")
    refund, other = shop.refund(followed, 400), shop.refund(passed_over, 400)
    for key, user in ((followed, "u1"), (passed_over, "u2")):
        shop.post(1000, user, payment_key=key, amount=0)
    back: dict[str, Any] = {"kind": EntryKind.REFUND, "payment_key": followed, "amount": -400, "object_id": refund}
    shop.post(-400, **back)
    mismatches = [("amount_mismatch", key) for key in (followed, passed_over)]
    assert shop.found() == [("refund_not_taken", other), *mismatches]


def test_what_was_imported_without_its_name_is_called_by_what_let_go(shop: Shop) -> None:
    """An application's rows name the payment alone: a refund that failed since is none that took too much."""
    failed, won, twice = (shop.pay(user=f"u{number}") for number in range(3))
    shop.refund(failed, 1000, "failed")
    shop.dispute(won, 1000, "won")
    dispute = shop.dispute(twice, 1000, "won")
    for number, key in enumerate((failed, won, twice)):
        shop.post(1000, f"u{number}", payment_key=key, package="starter", created=shop.now - 86_000)
        kind = EntryKind.REFUND if key == failed else EntryKind.DISPUTE
        shop.post(-1000, f"u{number}", payment_key=key, kind=kind, amount=-1000)
    for _ in range(2):
        shop.post(1000, "u2", payment_key=twice, kind=EntryKind.DISPUTE_REVERSAL)

    assert sorted(shop.found()) == [
        ("dispute_won_not_returned", won),
        ("refund_failed_not_returned", failed),
        ("refund_over_returned", dispute),
    ]
