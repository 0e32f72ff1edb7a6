"""What changes long after it was made is read again, and what cannot change any more is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from creditctl.ledger.archive.pull_store import PullStore
from creditctl.ledger.archive.store import Archive
from creditctl.reconciliation.bulk_reader import BulkReader
from creditctl.reconciliation.kept.archive_pull import ArchivePull
from creditctl.reconciliation.pull import PullPlan
from tests.support.payment_shop import ACCOUNT, Shop

DAY = 86_400


@dataclass
class Nights:
    """A shop that is compared night by night, Stripe's lists kept in an archive."""

    shop: Shop
    archive: Archive

    def night(self, days: int = 1) -> list[tuple[str, str]]:
        """What the run some days later finds; in between somebody else bought something, so that time goes on."""
        self.shop.later(days * DAY)
        self.shop.fulfil(self.shop.pay(user="other", age=3600))
        self.shop.http.requests.clear()
        store = PullStore(self.archive)
        plan = PullPlan(source=lambda reader: ArchivePull(reader, store, BulkReader(self.shop.client, workers=1)))
        return self.shop.found(plan=plan)

    def asked(self, name: str) -> int:
        """How often Stripe was asked for one object by its id."""
        return sum(request.path.endswith(f"/{name}") for request in self.shop.http.requests)


@pytest.fixture
def nights(shop: Shop, tmp_path: Path) -> Iterator[Nights]:
    """A shop after its first night."""
    with Archive.open(tmp_path / "archive.db", account=ACCOUNT, livemode=False) as archive:
        yield Nights(shop, archive)


def by_bank(nights: Nights, status: str = "processing") -> str:
    """A purchase whose money is on its way for days."""
    key = nights.shop.pay(payment_status="unpaid", age=60)
    nights.shop.shelf.objects["payment_intents"][key] |= {"status": status, "amount_received": 0}
    return key


@pytest.mark.parametrize("status", ["processing", "requires_action"])
def test_a_payment_that_arrives_after_days_is_noticed(nights: Nights, status: str) -> None:
    key = by_bank(nights, status)
    assert nights.night() == nights.night(5) == []
    nights.shop.session_of(key)["payment_status"] = "paid"
    nights.shop.shelf.objects["payment_intents"][key] |= {"status": "succeeded", "amount_received": 1000}
    assert nights.night(5) == [("missing_credit", key)]


def test_a_payment_that_failed_is_not_asked_for_any_more(nights: Nights) -> None:
    key = by_bank(nights)
    nights.night(3)
    nights.shop.shelf.objects["payment_intents"][key]["status"] = "requires_payment_method"
    assert nights.night(3) == []
    assert nights.asked(nights.shop.session_of(key)["id"]) == 1
    assert nights.night() == []
    assert nights.asked(nights.shop.session_of(key)["id"]) == nights.asked(key) == 0


def test_a_session_that_was_open_is_read_until_it_is_not(nights: Nights) -> None:
    key = nights.shop.pay(status="open", payment_status="unpaid", payment_intent=None)
    nights.night(3)
    session = nights.shop.session_of(key)
    session |= {"status": "complete", "payment_status": "no_payment_required", "amount_total": 0}
    assert nights.night() == [("missing_credit", key)]
    nights.night()
    assert nights.asked(key) == 0


def test_a_refund_that_fails_after_three_weeks_is_noticed(nights: Nights) -> None:
    key = nights.shop.pay(age=60)
    refund = nights.shop.refund(key, 400, age=30)
    nights.shop.fulfil(key)
    assert nights.night() == []
    nights.shop.shelf.objects["refunds"][refund]["status"] = "failed"
    assert nights.night(20) == [("refund_failed_not_returned", refund)]


def test_a_refund_that_is_pending_is_read_until_it_is_final(nights: Nights) -> None:
    key = nights.shop.pay(age=60)
    refund = nights.shop.refund(key, 400, status="pending", age=30)
    nights.shop.fulfil(key)
    assert nights.night() == nights.night(60) == [("refund_pending", refund)]
    nights.shop.shelf.objects["refunds"][refund]["status"] = "canceled"
    assert nights.night() == [("refund_failed_not_returned", refund)]


def test_a_dispute_is_read_until_it_is_over(nights: Nights) -> None:
    key = nights.shop.pay(age=60)
    dispute = nights.shop.dispute(key, 1000, age=30)
    nights.shop.fulfil(key)
    assert nights.night() == nights.night(80) == []
    body = nights.shop.shelf.objects["disputes"][dispute]
    back = {"id": "txn_back", "object": "balance_transaction", "amount": 1000, "currency": "usd"}
    body |= {"status": "won", "balance_transactions": [*body["balance_transactions"], back]}
    assert nights.night(2) == [("dispute_won_not_returned", dispute)]


def test_a_payment_without_a_session_that_is_paid_weeks_later_is_noticed(nights: Nights) -> None:
    """Its balance transaction is new, so it names the payment that has changed."""
    metadata = {"managed_by": "creditctl"}
    nights.shop.intent("pi_late", created=nights.shop.now - 60, status="requires_payment_method", metadata=metadata)
    nights.shop.intent("pi_same", created=nights.shop.now - 60, status="requires_payment_method", metadata=metadata)
    assert nights.night() == nights.night(40) == []
    charge = {"id": "ch_late", "object": "charge", "created": nights.shop.now, "payment_intent": "pi_late"}
    late = {"status": "succeeded", "amount_received": 1000, "latest_charge": charge}
    nights.shop.shelf.objects["payment_intents"]["pi_late"] |= late
    moved = {"id": "txn_late", "type": "charge", "source": charge, "amount": 1000, "currency": "usd"}
    nights.shop.shelf.put("balance_transactions", {**moved, "created": nights.shop.now})
    assert nights.night() == [("unattributed_payment", "pi_late")]
    assert nights.asked("pi_same") == 0


def test_an_object_that_is_gone_when_asked_for_by_its_id_is_a_gap(nights: Nights) -> None:
    key = by_bank(nights)
    nights.night(3)
    del nights.shop.shelf.objects["payment_intents"][key]
    assert nights.night() == [("pull_incomplete", "stripe")]


def test_line_items_are_read_once(nights: Nights) -> None:
    """Where only the price says what was sold, each session is asked for its line items in one night only."""
    shop = nights.shop
    metadata = {"managed_by": "creditctl", "package": "starter", "credits": "1000"}
    price = {"id": "price_1", "product": "creditctl_starter", "unit_amount": 1000, "currency": "usd"}
    item = {"quantity": 1, "amount_subtotal": 1000, "currency": "usd", "price": {**price, "metadata": metadata}}
    keys = [shop.pay(user=f"buyer{n}", metadata={}, age=5000 + n) for n in range(30)]
    for key in keys:
        shop.line_items(key, {**item, "id": f"li_{key}"})
    expected = sorted(("missing_credit", key) for key in keys)
    assert sorted(nights.night()) == expected
    assert sorted(nights.night()) == expected
    assert not [request for request in shop.http.requests if "line_items" in request.url]
