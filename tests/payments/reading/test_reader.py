"""One payment is read by its key: whole, or known to be absent; a part that could not be read is not the whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

from creditctl.core.errors import Unreachable
from creditctl.core.when import Window
from creditctl.payments.reading.reader import PaymentReader
from creditctl.reconciliation.pulled import Pulled, as_pulled
from tests.support.payment_shop import Shop
from tests.support.scripted_stripe import answers

Read = TypeVar("Read")


def follow(shop: Shop, key: str) -> Pulled:
    """One payment, asked for by its key."""
    return as_pulled(PaymentReader(shop.client, shop.catalog, shop.now).payment(key), key, Window(), shop.now)


def test_following_one_payment_by_its_intent(shop: Shop) -> None:
    key, other = shop.pay(), shop.pay()
    refund = shop.refund(key, 10)
    shop.refund(other, 10)
    found = follow(shop, key)
    assert [sold.session.payment_key for sold in found.sessions.values()] == [key]
    assert (set(found.intents), set(found.facts), found.absent) == ({key}, {refund}, frozenset())


def test_following_one_payment_by_its_session(shop: Shop) -> None:
    key = shop.pay()
    refund = shop.refund(key, 10)
    found = follow(shop, shop.session_of(key)["id"])
    assert (set(found.intents), set(found.facts), found.absent) == ({key}, {refund}, frozenset())


def test_following_a_free_session(shop: Shop) -> None:
    key = shop.pay(payment_status="no_payment_required", payment_intent=None, amount_total=0)
    found = follow(shop, key)
    assert (list(found.sessions), found.intents, found.absent) == ([key], {}, frozenset())


@pytest.mark.parametrize("key", ["pi_nowhere", "cs_test_nowhere", "invoice-9", ""])
def test_following_what_stripe_does_not_know(shop: Shop, key: str) -> None:
    found = follow(shop, key)
    assert found.absent == {key}
    assert found.asked == {key}
    assert not found.sessions


def test_a_part_that_could_not_be_read_leaves_the_rest_and_accuses_nobody(shop: Shop) -> None:
    key = shop.pay()
    refund = shop.refund(key, 10)
    shop.http.on(answers(500), at=(1, 2))
    noted: list[str] = []

    def attempt(what: str, read: Callable[[], Read], otherwise: Read) -> Read:
        try:
            return read()
        except Unreachable:
            noted.append(what)
            return otherwise

    found = PaymentReader(shop.client, shop.catalog, shop.now).payment(key, attempt)

    assert noted == [key, f"the session of {key}"]
    assert (found.intent, found.sold, found.absent) == (None, None, False)
    assert [fact.object_id for fact in found.facts] == [refund]


def test_without_an_attempt_the_first_error_ends_it_in_our_words(shop: Shop) -> None:
    shop.http.on(answers(500), at=1)
    with pytest.raises(Unreachable) as caught:
        PaymentReader(shop.client, shop.catalog, shop.now).payment(shop.pay())
    assert caught.value.code == "stripe.server_error"


def test_an_object_that_cannot_be_understood_is_neither_there_nor_absent(shop: Shop) -> None:
    key = shop.pay()
    shop.session_of(key)["amount_total"] = None
    found = PaymentReader(shop.client, shop.catalog, shop.now).payment(key)
    assert (found.sold, found.absent, [each.id for each in found.unreadable]) == (
        None,
        False,
        [shop.session_of(key)["id"]],
    )


def test_the_latest_sessions_are_cut_and_say_since_when(shop: Shop) -> None:
    keys = [shop.pay(age=100 * n) for n in range(1, 5)]
    reader = PaymentReader(shop.client, shop.catalog, shop.now)
    some, since = reader.latest(3)
    everything, nothing = reader.latest(9)
    assert [each.key for each in some] == keys[:3]
    assert since == shop.now - 300
    assert (len(everything), nothing) == (4, None)
