"""The grace period: what a young payment is excused, and what no clock excuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from creditctl.core.catalog import Catalog
from creditctl.core.limits import GRACE_SECONDS
from creditctl.payments.verdict import JudgementContext
from creditctl.reconciliation.pull import AFRESH
from tests.support.clock import NOW
from tests.support.payment_shop import Shop


@pytest.mark.parametrize(
    ("moment", "excused"),
    [
        (NOW, True),
        (NOW - GRACE_SECONDS + 1, True),
        (NOW - GRACE_SECONDS, False),
        (NOW + GRACE_SECONDS - 1, True),
        (NOW + GRACE_SECONDS, False),
        (NOW + 10 * 86_400, False),
    ],
)
def test_only_what_is_close_to_now_may_still_be_on_its_way(moment: int, excused: bool) -> None:
    context = JudgementContext(Catalog(()), livemode=False, now=NOW, started=NOW)
    assert context.within_grace(moment) is excused


@pytest.mark.parametrize(
    ("age", "excused"), [(0, True), (GRACE_SECONDS - 1, True), (GRACE_SECONDS, False), (7200, False), (-7200, False)]
)
def test_where_stripes_clock_is_ahead_it_says_how_old_something_is(age: int, excused: bool) -> None:
    context = JudgementContext(Catalog(()), livemode=False, now=NOW, started=NOW, ahead_seconds=7200)
    assert context.within_grace(NOW + 7200 - age) is excused


def test_an_entry_is_not_from_before_its_payment_where_stripes_clock_is_ahead(shop: Shop) -> None:
    """Paid in the emulator's future, and credited at once: two hours later that moment is past here too."""
    key = shop.pay(age=-7200)
    shop.fulfil(key)
    shop.later(7200)
    assert shop.found(plan=replace(AFRESH, ahead_seconds=lambda: 7200)) == []
    assert [code for code, _ in shop.found()] == ["credited_before_paid"]


def test_a_payment_dated_in_the_future_does_not_wait_for_ever(shop: Shop) -> None:
    """Stripe's clock and ours disagree by days: the webhook is lost all the same."""
    key = shop.pay(age=-10 * 86_400)
    assert shop.found() == [("missing_credit", key)]


def test_a_refund_dated_in_the_future_does_not_wait_for_ever(shop: Shop) -> None:
    key = shop.pay()
    shop.fulfil(key)
    refund = shop.refund(key, 100, age=-10 * 86_400)
    assert shop.found() == [("refund_not_taken", refund)]


def test_an_entry_dated_in_the_future_is_not_taken_for_one_of_this_moment(shop: Shop) -> None:
    """An application that writes local times as if they were UTC: its rows come from hours ahead, and are judged."""
    shop.later(10 * 86_400)
    shop.post(payment_key="pi_nobodyKnowsThisOne0000001")
    shop.later(-10 * 86_400)
    assert [code for code, _ in shop.found()] == ["orphan_credit"]


@pytest.mark.parametrize(
    ("moment", "meanwhile"),
    [(NOW - 1, False), (NOW + 1, True), (NOW + GRACE_SECONDS - 1, True), (NOW + GRACE_SECONDS, False)],
)
def test_only_what_is_close_to_now_was_written_meanwhile(shop: Shop, moment: int, meanwhile: bool) -> None:
    entry = replace(shop.post(payment_key="pi_1"), recorded=moment)
    context = JudgementContext(Catalog(()), livemode=False, now=NOW, started=NOW)
    assert context.written_meanwhile([entry]) is meanwhile
