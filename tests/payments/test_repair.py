"""A repair posts what a webhook would have posted, once, whoever comes first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from creditctl.core.entitlement.facts import RefundFact
from creditctl.core.errors import GuardRefused, LedgerError, Unreachable
from creditctl.ledger.models import Outcome
from creditctl.payments.repair import NOTE, Repaired, RepairLimits, apply
from tests.support.ledger_calls import read
from tests.support.payment_shop import Shop


def keys(shop: Shop) -> list[str]:
    return [entry.idempotency_key for entry in read(shop.ledger).entries(limit=1000)]


def test_a_missing_credit_is_posted_under_the_key_of_the_webhook(shop: Shop) -> None:
    key = shop.pay(user="u7")
    report = shop.reconcile()
    after = shop.repair(report)
    assert keys(shop) == [f"purchase:{key}"]
    (entry,) = read(shop.ledger).entries()
    assert (entry.user_id, entry.credits, entry.amount) == ("u7", 1000, 1000)
    assert entry.note == f"{NOTE}, run {report.run}: missing_credit"
    assert [run.id for run in read(shop.ledger).runs("reconcile")] == [after.run, report.run]
    assert entry.created == shop.session_of(key)["created"]
    assert after.findings == ()
    assert after.clean
    assert [(done.payment_key, done.outcome) for done in after.repaired] == [(key, Outcome.POSTED)]
    with shop.ledger.transaction() as tx:  # the webhook comes at last
        assert tx.post(shop.purchase_draft(key)).outcome is Outcome.EXISTS


def test_a_missing_credit_is_posted_with_the_refund_that_followed(shop: Shop) -> None:
    key = shop.pay(user="u7")
    refund = shop.refund(key, 300)
    shop.repair(shop.reconcile())
    assert keys(shop) == [f"purchase:{key}", f"refund:{refund}"]
    assert read(shop.ledger).balance("u7") == 700


def test_refunds_and_disputes_are_posted_under_the_keys_of_the_webhook(shop: Shop) -> None:
    refunded, disputed = shop.pay(user="u7"), shop.pay(user="u8")
    shop.fulfil(refunded, disputed)
    refund, dispute = shop.refund(refunded, 300), shop.dispute(disputed, 1000)
    after = shop.repair(shop.reconcile())
    assert keys(shop)[2:] == [f"refund:{refund}", f"dispute:{dispute}"]
    assert (read(shop.ledger).balance("u7"), read(shop.ledger).balance("u8")) == (700, 0)
    assert after.findings == ()
    before = read(shop.ledger).count()
    with shop.ledger.transaction() as tx:  # the webhook comes at last
        fact = RefundFact.from_stripe(shop.shelf.objects["refunds"][refund], shop.now)
        assert fact is not None
        tx.keep_fact(fact)
        assert tx.settle(refunded, cause=refund) == ()
    assert read(shop.ledger).count() == before


def test_a_failed_refund_and_a_won_dispute_give_back(shop: Shop) -> None:
    first, second = shop.pay(user="u7"), shop.pay(user="u8")
    refund, dispute = shop.refund(first, 400), shop.dispute(second, 1000)
    shop.fulfil(first, second)
    assert (read(shop.ledger).balance("u7"), read(shop.ledger).balance("u8")) == (600, 0)
    shop.shelf.objects["refunds"][refund]["status"] = "failed"
    won = shop.shelf.objects["disputes"][dispute]
    won["status"] = "won"
    won["balance_transactions"].append({"id": "txn_back", "amount": 1000, "currency": "usd"})
    after = shop.repair(shop.reconcile())
    assert after.findings == ()
    assert (read(shop.ledger).balance("u7"), read(shop.ledger).balance("u8")) == (1000, 1000)
    assert keys(shop)[-2:] == [f"refund_reversal:{refund}", f"dispute_reversal:{dispute}"]


def test_repairing_twice_posts_nothing_the_second_time(shop: Shop) -> None:
    shop.refund(shop.pay(user="u7"), 300)
    report = shop.reconcile()
    shop.repair(report)
    count = read(shop.ledger).count()
    stale = shop.repair(report)  # the same plan again
    assert [done.outcome for done in stale.repaired] == [Outcome.EXISTS]
    assert shop.repair(shop.reconcile()).repaired == ()
    assert read(shop.ledger).count() == count


def test_a_webhook_that_comes_between_plan_and_repair_is_no_race(shop: Shop) -> None:
    key = shop.pay(user="u7")
    report = shop.reconcile()
    shop.fulfil(key)
    after = shop.repair(report)
    assert [done.outcome for done in after.repaired] == [Outcome.EXISTS]
    assert read(shop.ledger).balance("u7") == 1000
    assert after.clean


def test_somebody_else_credited_meanwhile_is_a_conflict_and_stays_a_finding(shop: Shop) -> None:
    key = shop.pay(user="u7")
    report = shop.reconcile()
    shop.post(1000, "thief", payment_key=key)
    after = shop.repair(report)
    assert [done.outcome for done in after.repaired] == [Outcome.CONFLICT]
    assert [finding.code for finding in after.findings] == ["reconcile.wrong_user"]
    assert read(shop.ledger).balance("u7") == 0


def test_what_needs_a_person_is_left_alone(shop: Shop) -> None:
    shop.post(1000, "u7", payment_key="pi_unknown")
    lost = shop.pay(user="u8")
    after = shop.repair(shop.reconcile())
    assert [(finding.code, finding.subject) for finding in after.findings] == [
        ("reconcile.orphan_credit", "pi_unknown")
    ]
    assert not after.clean
    assert keys(shop)[1:] == [f"purchase:{lost}"]


def test_more_repairs_than_allowed_are_refused_whole(shop: Shop) -> None:
    for _ in range(3):
        shop.pay()
    report = shop.reconcile()
    with pytest.raises(GuardRefused) as caught:
        shop.repair(report, limits=RepairLimits(2))
    assert caught.value.code == "reconcile.too_many_repairs"
    assert read(shop.ledger).count() == 0
    assert len(shop.repair(report, limits=RepairLimits(3)).repaired) == 3


def test_more_credits_than_allowed_are_refused_whole(shop: Shop) -> None:
    """Given and taken count together: one does not make up for the other."""
    taken = shop.pay(user="u7")
    shop.fulfil(taken)
    shop.refund(taken, 400)
    shop.pay(user="u8")
    report = shop.reconcile()
    with pytest.raises(GuardRefused) as caught:
        shop.repair(report, limits=RepairLimits(credits=1399))
    assert caught.value.code == "reconcile.too_many_credits"
    assert read(shop.ledger).count() == 1
    assert len(shop.repair(report, limits=RepairLimits(credits=1400)).repaired) == 2


def test_each_posting_names_its_run_its_reason_and_what_it_corrects(shop: Shop) -> None:
    key = shop.pay(user="u7")
    shop.fulfil(key)
    shop.refund(key, 400)
    shop.dispute(key, 600, "lost")
    report = shop.reconcile()
    shop.repair(report)
    purchase, *posted = read(shop.ledger).entries()
    reason = f"{NOTE}, run {report.run}: dispute_lost_not_taken, refund_not_taken"
    assert [(entry.corrects, entry.note) for entry in posted] == [(purchase.id, reason)] * 2


def test_an_incomplete_picture_is_never_repaired_from(shop: Shop) -> None:
    shop.pay(user="u7")
    gone = shop.pay(user="u8")
    del shop.shelf.objects["payment_intents"][gone]
    report = shop.reconcile()
    assert "reconcile.pull_incomplete" in report.counts
    assert not report.clean
    with pytest.raises(Unreachable) as caught:
        shop.repair(report)
    assert caught.value.code == "reconcile.incomplete"
    assert read(shop.ledger).count() == 0


def test_a_tampered_ledger_is_not_written_to(shop: Shop) -> None:
    shop.fulfil(shop.pay(user="u7"))
    shop.pay(user="u8")
    report = shop.reconcile()
    with shop.ledger.transaction() as tx:
        tx.connection.execute("DROP TRIGGER credit_transactions_no_update")
        tx.connection.execute("UPDATE credit_transactions SET credits = 9000")
    with pytest.raises(LedgerError) as caught:
        shop.repair(report)
    assert caught.value.code == "ledger.tampered"
    assert read(shop.ledger).count() == 1


def test_the_plan_says_what_comes_of_it(shop: Shop) -> None:
    key = shop.pay("basic", user="u7")
    refund = shop.refund(key, 1500)
    report = shop.reconcile()
    planned = report.repairs[0].as_dict()
    assert planned == {
        "payment_key": key,
        "user_id": "u7",
        "credits": 5500 - 1833,
        "reason": "missing_credit",
        "entries": [
            {"kind": "purchase", "credits": 5500, "idempotency_key": f"purchase:{key}"},
            {"kind": "refund", "credits": -1833, "idempotency_key": f"refund:{refund}"},
        ],
    }
    after = shop.repair(report)
    assert after.repaired[0].as_dict()["credits"] == planned["credits"]
    assert replace(after, repaired=()).repairs == ()


def test_a_repair_that_was_killed_is_finished_by_the_next_run(shop: Shop) -> None:
    for number in range(3):
        shop.refund(shop.pay(user=f"u{number}"), 300)

    def killed(_: Repaired) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(shop.ledger, shop.reconcile().repairs, killed)
    assert read(shop.ledger).count() == 2, "one payment whole, the others not at all"
    after = shop.repair(shop.reconcile())
    assert len(after.repaired) == 2
    assert after.clean
    assert {balance.credits for balance in read(shop.ledger).balances()} == {700}
