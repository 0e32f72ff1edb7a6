"""One run as a whole: what it keeps, what a window covers, and that only one goes on at a time."""

from __future__ import annotations

import pytest

from creditctl.core.errors import LockHeld
from creditctl.core.findings import Severity
from creditctl.reconciliation.lock import only_one
from tests.support.ledger_calls import adjusted, read
from tests.support.payment_shop import Shop

DAY = 86_400
READ = (("checkout/sessions", 1), ("payment_intents", 1), ("refunds", 0), ("disputes", 0), ("balance_transactions", 0))
BESIDE = ("radar/early_fraud_warnings", 0)


def test_a_run_is_kept_in_the_ledger(shop: Shop) -> None:
    shop.fulfil(shop.pay())
    shop.reconcile()
    shop.pay(user="u2")
    shop.reconcile(grace_seconds=0)
    later, earlier = read(shop.ledger).runs("reconcile")
    assert (earlier.ok, later.ok) == (True, False)
    assert later.report["counts"] == {"reconcile.missing_credit": 1}
    assert later.report["pulled"]["checkout_sessions"] == 2
    assert later.started <= later.finished


def test_a_run_that_records_nothing_leaves_the_ledger_as_it_was(shop: Shop) -> None:
    shop.pay(client_reference_id="other")
    report = shop.reconcile(record=False)
    assert [finding.code for finding in report.findings] == ["fulfilment.owner_conflict"]
    assert "resolve ID" in report.findings[0].fix
    assert read(shop.ledger).runs() == []
    assert read(shop.ledger).findings() == []


def test_only_one_run_at_a_time(shop: Shop) -> None:
    shop.pay()
    report = shop.reconcile()
    with only_one(shop.ledger.path):
        with pytest.raises(LockHeld) as caught:
            shop.reconcile()
        with pytest.raises(LockHeld):
            shop.repair(report)
    assert caught.value.code == "lock.held"
    assert shop.repair(report).clean, "the lock is free again"


def test_findings_come_worst_first(shop: Shop) -> None:
    shop.fulfil(key := shop.pay())
    shop.post(1000, payment_key="pi_unknown")
    shop.refund(key, 100)
    shop.pay(age=10)
    report = shop.reconcile()
    assert [finding.severity for finding in report.findings] == [Severity.CRITICAL, Severity.HIGH, Severity.INFO]
    assert report.counts == {
        "reconcile.in_flight": 1,
        "reconcile.orphan_credit": 1,
        "reconcile.refund_not_taken": 1,
    }


def test_a_window_judges_what_falls_into_it(shop: Shop) -> None:
    old, middle, young = (shop.pay(age=days * DAY) for days in (40, 20, 5))
    assert shop.found(since=shop.now - 30 * DAY, until=shop.now - 10 * DAY) == [("missing_credit", middle)]
    assert sorted(shop.found(since=shop.now - 30 * DAY)) == sorted(
        [("missing_credit", middle), ("missing_credit", young)]
    )
    assert shop.found(until=shop.now - 30 * DAY) == [("missing_credit", old)]


def test_a_window_follows_an_older_payment_whose_refund_falls_into_it(shop: Shop) -> None:
    key = shop.pay("pro", age=40 * DAY)
    shop.refund(key, 1000, age=35 * DAY)
    shop.fulfil(key)
    late = shop.refund(key, 2000, age=DAY)
    report = shop.reconcile(since=shop.now - 7 * DAY)
    assert [(finding.code, finding.subject) for finding in report.findings] == [("reconcile.refund_not_taken", late)]
    assert shop.repair(report).clean
    assert read(shop.ledger).balance("u1") == 13_500 - 3 * 1350


def test_a_window_asks_before_it_calls_a_credit_orphaned(shop: Shop) -> None:
    known = shop.pay(age=40 * DAY)
    shop.post(1000, payment_key=known, created=shop.now - DAY)
    shop.post(1000, payment_key="pi_unknown", created=shop.now - DAY)
    shop.post(1000, payment_key="pi_outside", created=shop.now - 40 * DAY)
    assert shop.found(since=shop.now - 7 * DAY) == [("orphan_credit", "pi_unknown")]


def test_a_refund_after_the_window_still_counts_for_the_payments_in_it(shop: Shop) -> None:
    key = shop.pay(age=20 * DAY)
    shop.refund(key, 500, age=DAY)
    shop.fulfil(key)
    assert shop.found(since=shop.now - 30 * DAY, until=shop.now - 10 * DAY) == []


def test_a_payment_older_than_the_window_is_not_taken_for_one_without_a_session(shop: Shop) -> None:
    """Its intent is young enough to be listed beside the window, its session is not."""
    since = shop.now - 7 * DAY
    key = shop.pay(age=0, created=since - 30 * 3600)
    metadata = {"managed_by": "creditctl"}
    shop.intent(key, created=since - 10 * 3600, metadata=metadata)
    shop.fulfil(key)
    shop.refund(key, 500, age=DAY)
    assert [name for name, _ in shop.found(since=since)] == ["refund_not_taken"]


def test_a_window_does_not_declare_older_findings_settled(shop: Shop) -> None:
    shop.post(1000, payment_key="pi_unknown", created=shop.now - 40 * DAY)
    assert shop.found() == [("orphan_credit", "pi_unknown")]
    assert shop.found(since=shop.now - DAY) == [], "a run of a window is about its payments"
    (again,) = shop.reconcile().findings
    assert (again.code, again.new) == ("reconcile.orphan_credit", False)


def test_a_correction_inside_the_window_of_an_entry_outside_is_no_orphan(shop: Shop) -> None:
    key = shop.pay(age=40 * DAY)
    entry = shop.post(900, payment_key=key, created=shop.now - 40 * DAY)
    adjusted(shop.ledger, user_id="u1", credits=100, reason="too few", key="a", corrects=entry.id)
    assert shop.found(since=shop.now - DAY) == []


def test_goodwill_and_usage_are_nobodys_business(shop: Shop) -> None:
    shop.fulfil(shop.pay())
    adjusted(shop.ledger, user_id="u1", credits=50, reason="sorry", key="a")
    assert shop.found() == []


def test_progress_is_passed_on(shop: Shop) -> None:
    shop.pay()
    told: list[str] = []
    shop.reconcile(progress=lambda path, count: told.append(f"{path} {count}"))
    assert told == [f"{path} {count}" for path, count in (*READ, BESIDE)]


def test_what_the_ledger_wrote_while_stripe_was_read_is_in_flight(shop: Shop) -> None:
    """A session read as open completes, and its webhook arrives, before the ledger is read."""
    key = shop.pay(status="open", payment_status="unpaid")

    def webhook(path: str, count: int) -> None:
        if path == "disputes":
            shop.later(5)
            shop.post(1000, payment_key=key)

    report = shop.reconcile(progress=webhook)
    assert [(finding.code, finding.subject) for finding in report.findings] == [("reconcile.in_flight", key)]
    assert report.clean


def test_an_entry_may_name_a_payment_by_the_invoice_that_checkout_made(shop: Shop) -> None:
    shop.pay(invoice="in_1ForThisSale")
    shop.post(payment_key="in_1ForThisSale")
    assert shop.found() == []
