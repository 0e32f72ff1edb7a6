"""Missing credits and credits that nothing explains pair up: that is one mapping fault, and nothing is repaired."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.findings import Severity, Stake
from creditctl.payments.judgement.mapping_fault import FEWEST_ODD_PAIRS
from tests.support.ledger_calls import read
from tests.support.payment_shop import OpenShop, Shop

CREDITS = {"starter": 1000, "basic": 5500, "pro": 13_500}


def named_otherwise(shop: Shop, count: int, given: int | None = None) -> list[str]:
    """Payments whose rows carry the application's own numbers, and its own names of users."""
    keys = [shop.pay("pro" if n % 2 else "starter", f"buyer{n}") for n in range(count)]
    for n in range(count if given is None else given):
        shop.post(13_500 if n % 2 else 1000, f"account{n}", payment_key=f"order {n}")
    return keys


@pytest.mark.parametrize("count", [2, 3, 12])
def test_it_is_named_once_and_nothing_is_repaired(sound: Shop, count: int) -> None:
    keys = named_otherwise(sound, count)
    report = sound.reconcile()
    (fault,) = [finding for finding in report.findings if finding.code == "reconcile.mapping_fault"]
    others = [finding for finding in report.findings if finding is not fault]

    assert report.repairs == ()
    assert (fault.severity, fault.subject) == (Severity.HIGH, "the ledger")
    assert fault.stake == Stake(sum(13_500 if n % 2 else 1000 for n in range(count)))
    assert {keys[0], "order 0"} <= set(fault.evidence)
    assert {finding.fix for finding in others} == {"First settle reconcile.mapping_fault, then reconcile again"}
    assert len(others) == 2 * count
    before = read(sound.ledger).count()
    sound.repair(report)
    assert read(sound.ledger).count() == before


def test_rows_that_carry_the_ids_of_events_lead_to_a_name_of_the_payment(sound: Shop) -> None:
    for n in range(2):
        sound.pay(user=f"buyer{n}")
        sound.post(1000, f"buyer{n}", payment_key=f"evt_{n}")
    (fix,) = [each.fix for each in sound.reconcile().findings if each.code == "reconcile.mapping_fault"]

    assert "ids of events" in fix


def test_one_lost_credit_beside_one_strange_entry_of_another_user_is_repaired(sound: Shop) -> None:
    named_otherwise(sound, 1)
    report = sound.reconcile()

    assert [finding.code for finding in report.findings] == ["reconcile.missing_credit", "reconcile.orphan_credit"]
    assert len(report.repairs) == 1


def test_a_few_strange_entries_among_many_lost_credits_are_no_mapping_fault(sound: Shop) -> None:
    named_otherwise(sound, 8, given=2)

    assert len(sound.reconcile().repairs) == 8


def test_strange_entries_of_other_credits_are_no_mapping_fault(sound: Shop) -> None:
    for n in range(4):
        sound.pay(user=f"buyer{n}")
        sound.post(77, f"account{n}", payment_key=f"order {n}")

    assert len(sound.reconcile().repairs) == 4


def test_once_the_names_are_right_it_is_over(sound: Shop) -> None:
    for n, key in enumerate(named_otherwise(sound, 3)):
        sound.post(
            -(13_500 if n % 2 else 1000), f"account{n}", payment_key=f"order {n}", kind=EntryKind.ADJUSTMENT, amount=0
        )
        sound.post(13_500 if n % 2 else 1000, f"buyer{n}", payment_key=key, amount=10_000 if n % 2 else 1000)

    assert sound.reconcile().findings == ()


def test_strange_entries_of_other_buyers_hold_nothing_back(sound: Shop) -> None:
    """Gifts under made-up names to users who buy: none of them is the payment that another user lacks."""
    for n in range(2):
        sound.pay(user=f"buyer{n}")
        sound.fulfil(sound.pay(user=f"other{n}"))
        sound.post(1000, f"other{n}", payment_key=f"gift {n}")

    assert len(sound.reconcile().repairs) == 2


def test_one_odd_pair_beside_one_of_the_same_user_stops_only_that(sound: Shop) -> None:
    sound.fulfil(sound.pay(user="other"))
    lost = sound.pay(user="buyer")
    sound.pay(user="twin")
    sound.post(1000, "twin", payment_key="order 1")
    sound.post(1000, "other", payment_key="gift 1")

    assert [repair.payment_key for repair in sound.reconcile().repairs] == [lost]


@settings(max_examples=15, deadline=None)
@given(
    slugs=st.lists(st.sampled_from(("starter", "basic", "pro")), min_size=2, max_size=9),
    named=st.sampled_from(("same", "unknown", "shifted")),
    healthy=st.integers(0, 3),
)
def test_payments_under_other_names_are_never_given_twice(
    open_shop: OpenShop, slugs: list[str], named: str, healthy: int
) -> None:
    """However users are written in the same books, unless a few entries of other buyers look alike by chance."""
    with open_shop() as shop:
        for n in range(healthy):
            shop.fulfil(shop.pay(user=f"buyer{n}"))
        for n, slug in enumerate(slugs):
            shop.pay(slug, f"buyer{n}")
            user = {"same": f"buyer{n}", "unknown": f"account{n}", "shifted": f"buyer{(n + 1) % len(slugs)}"}[named]
            shop.post(CREDITS[slug], user, payment_key=f"order {n}")
        if named != "shifted" or len(slugs) >= FEWEST_ODD_PAIRS:
            report = shop.reconcile()
            assert report.repairs == ()
            assert "reconcile.mapping_fault" in {finding.code for finding in report.findings}


def test_some_lost_credits_and_some_strange_entries_of_a_large_shop_are_no_mapping_fault(sound: Shop) -> None:
    """A planted or plain unlucky year: one in twenty is lost, and as many were given to nobody who ever bought."""
    sound.fulfil(*(sound.pay(user=f"well{n}", age=40 * 86_400) for n in range(120)))
    for n in range(6):
        sound.pay(user=f"buyer{n}", age=(9 + n) * 86_400)
        sound.post(1000, f"account{n}", payment_key=f"order {n}", created=sound.now - (20 + n) * 86_400)
    assert len(sound.reconcile().repairs) == 6


def test_what_agrees_in_time_is_a_mapping_fault_however_few_of_all_payments_it_is(sound: Shop) -> None:
    """Since a change last week rows carry other names, of payments and of users."""
    sound.fulfil(*(sound.pay(user=f"well{n}", age=40 * 86_400) for n in range(120)))
    for n in range(6):
        sound.pay(user=f"buyer{n}", age=(2 + n) * 86_400)
        sound.post(1000, f"account{n}", payment_key=f"order {n}", created=sound.now - (2 + n) * 86_400 + 5)
    report = sound.reconcile()

    assert report.repairs == ()
    assert "reconcile.mapping_fault" in {finding.code for finding in report.findings}
