"""New findings are told apart from known ones, and what is over ends, whatever the run looked at."""

from __future__ import annotations

import pytest

from creditctl.core.errors import CreditctlError
from creditctl.core.findings import Severity, Stake
from creditctl.ledger.sightings import open_sightings
from creditctl.reconciliation.report import ReconcileReport
from tests.support.ledger_calls import read, resolved
from tests.support.payment_shop import Shop
from tests.support.scripted_stripe import answers

HOUR = 3600


def seen(shop: Shop) -> list[str]:
    with shop.ledger.reading() as view:
        return [each.finding.code for each in open_sightings(view)]


def news(report: ReconcileReport) -> dict[str, bool]:
    return {finding.subject: finding.new for finding in report.findings}


def test_the_second_run_knows_what_the_first_saw_and_how_old_it_is(shop: Shop) -> None:
    first = shop.pay()
    before = shop.reconcile()
    shop.later(HOUR)
    second = shop.pay()
    after = shop.reconcile()
    assert news(before) == {first: True}
    assert news(after) == {first: False, second: True}
    assert (before.new, after.new) == (1, 1)
    (known,) = (each for each in after.findings if not each.new)
    assert known.first_seen == before.findings[0].seen
    assert known.age_seconds >= HOUR
    assert known.as_dict()["age_seconds"] == known.age_seconds


def test_what_is_only_a_note_is_not_counted_as_new(shop: Shop) -> None:
    shop.pay(age=10)
    report = shop.reconcile()
    assert [each.severity for each in report.findings] == [Severity.INFO]
    assert report.new == 0
    assert seen(shop) == [], "it settles itself"


def test_a_run_that_keeps_nothing_leaves_a_finding_new(shop: Shop) -> None:
    key = shop.pay()
    assert news(shop.reconcile(record=False)) == {key: True}
    assert news(shop.reconcile()) == {key: True}


def test_a_repair_ends_what_it_mends(shop: Shop) -> None:
    shop.pay()
    report = shop.reconcile()
    assert seen(shop) == ["reconcile.missing_credit"]
    repaired = shop.repair(report)
    assert seen(shop) == []
    assert len(repaired.ended) == 1


def test_a_window_ends_only_what_it_looked_at(shop: Shop) -> None:
    old, late = shop.pay(age=10 * 86_400), shop.pay(age=86_400)
    shop.reconcile()
    shop.fulfil(old, late)
    shop.reconcile(since=shop.now - 2 * 86_400)
    with shop.ledger.reading() as view:
        assert [each.finding.subject for each in open_sightings(view)] == [old]
    shop.reconcile()
    assert seen(shop) == []


def test_a_person_who_dismisses_a_finding_ends_it(shop: Shop) -> None:
    shop.post(1000, "u7", payment_key="pi_gift")
    shop.reconcile()
    (stored,) = read(shop.ledger).findings()
    resolved(shop.ledger, stored.id, action="dismiss", reason="a gift")
    shop.reconcile(since=shop.now - 60)
    assert seen(shop) == []


def test_a_run_that_fails_is_a_finding_until_one_is_complete(shop: Shop) -> None:
    lost = shop.pay()
    shop.reconcile()
    shop.http.on(answers(500), path="/v1/refunds")
    with pytest.raises(CreditctlError):
        shop.reconcile()
    assert seen(shop) == ["reconcile.missing_credit", "reconcile.run_failed"]
    shop.http.rules.clear()
    assert news(shop.reconcile()) == {lost: False}
    assert seen(shop) == ["reconcile.missing_credit"]


def test_missing_credits_put_the_credits_and_the_price_at_stake(shop: Shop) -> None:
    shop.pay("starter")
    report = shop.reconcile()
    assert report.findings[0].stake == Stake(1000, 1000, "usd")
    assert report.as_dict()["at_stake"] == {"credits": 1000, "amounts": {"usd": 1000}}
