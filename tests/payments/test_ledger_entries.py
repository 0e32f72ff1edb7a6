"""The entries of one payment, asked for by its names, are those that reconciliation groups under it."""

from __future__ import annotations

from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.when import Window
from creditctl.payments.ledger_entries import LedgerEntries
from creditctl.payments.reading.reader import PaymentReader
from creditctl.reconciliation.match import match
from creditctl.reconciliation.pull import pull
from tests.support.ledger_calls import adjusted
from tests.support.payment_shop import Shop


def by_its_names(shop: Shop, key: str) -> list[int]:
    with shop.ledger.reading() as view:
        return [entry.id for entry in LedgerEntries(view).of_payment(key, (shop.session_of(key)["id"], f"ch_{key}"))]


def grouped(shop: Shop, key: str) -> list[int]:
    pulled = pull(PaymentReader(shop.client, shop.catalog, shop.now), Window())
    with shop.ledger.reading() as view:
        cases = match(pulled, LedgerEntries(view).all(), {})
    return [entry.id for case in cases if case.key == key for entry in case.entries]


def test_entries_are_found_under_every_name_with_what_corrects_them(shop: Shop) -> None:
    key, other = shop.pay(), shop.pay()
    session_id = shop.session_of(key)["id"]
    under_intent = shop.post(payment_key=key)
    under_session = shop.post(payment_key=session_id)
    under_own_name = shop.post(payment_key="order 17", session_id=session_id)
    under_charge = shop.post(payment_key=f"ch_{key}")
    taken = shop.post(-5, kind=EntryKind.REFUND, amount=-5, payment_key="order 17", session_id=session_id)
    elsewhere = shop.post(payment_key="order 17")
    shop.post(payment_key=other)
    correction = adjusted(shop.ledger, user_id="u2", credits=5, reason="x", key="a", corrects=taken.id).entry
    again = adjusted(shop.ledger, user_id="u2", credits=-5, reason="x", key="b", corrects=correction.id).entry
    adjusted(shop.ledger, user_id="u2", credits=1, reason="goodwill", key="c")

    expected = [under_intent, under_session, under_own_name, under_charge, taken, correction, again]
    assert by_its_names(shop, key) == [entry.id for entry in expected]
    assert grouped(shop, key) == by_its_names(shop, key)
    assert elsewhere.id not in by_its_names(shop, key)
    assert grouped(shop, other) == by_its_names(shop, other)


def test_the_newest_entries_of_payments_come_first_and_nothing_else(shop: Shop) -> None:
    first, second, third = (shop.post(payment_key=f"pi_x{n}", created=shop.now - n) for n in (3, 2, 1))
    refund = shop.post(-5, kind=EntryKind.REFUND, amount=-5, payment_key="pi_x1", created=shop.now)
    adjusted(shop.ledger, user_id="u2", credits=1, reason="goodwill", key="c")
    with shop.ledger.reading() as view:
        entries = LedgerEntries(view)
        assert [entry.id for entry in entries.latest_of_payments(None, 2)] == [refund.id, third.id]
        assert [entry.id for entry in entries.latest_of_payments(shop.now - 2, 9)] == [refund.id, third.id, second.id]
        assert [entry.id for entry in entries.latest_of_payments(None, 9)][-1] == first.id
