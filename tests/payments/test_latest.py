"""The latest payments for the checks: where reading stops, it is said, and nothing is taken for the whole."""

from __future__ import annotations

from creditctl.payments.latest import MOST_ASKED, LatestPayments, read_latest
from creditctl.payments.ledger_entries import LedgerEntries
from creditctl.payments.reading.reader import PaymentReader
from tests.support.payment_shop import Shop


def read(shop: Shop) -> LatestPayments:
    reader = PaymentReader(shop.client, shop.catalog, shop.now)
    with shop.ledger.reading() as view:
        return read_latest(reader, LedgerEntries(view))


def test_what_is_too_many_to_be_asked_for_is_counted(shop: Shop) -> None:
    for number in range(MOST_ASKED + 2):
        shop.post(1000, payment_key=f"pi_unknown{number}")

    latest = read(shop)

    assert (len(latest.payments), latest.sessions, latest.unasked) == (MOST_ASKED, 0, 2)
    assert all(each.absent for each in latest.payments)


def test_credits_of_a_session_that_was_listed_are_not_asked_for_again(shop: Shop) -> None:
    key = shop.pay()
    shop.fulfil(key)

    latest = read(shop)

    assert ([each.key for each in latest.payments], latest.sessions, latest.unasked) == ([key], 1, 0)


def test_a_refund_that_names_its_charge_alone_is_one_of_its_payment(shop: Shop) -> None:
    key = shop.pay()
    shop.shelf.objects["refunds"] = {}
    refund = shop.refund(key, 450)
    shop.shelf.objects["refunds"][refund]["payment_intent"] = None
    shop.shelf.objects["payment_intents"][key]["latest_charge"] |= {"object": "charge"}
    session = shop.session_of(key)
    session["payment_intent"] = shop.shelf.objects["payment_intents"][key]

    (payment,) = read(shop).payments

    assert [(fact.object_id, fact.payment_key) for fact in payment.facts] == [(refund, key)]
