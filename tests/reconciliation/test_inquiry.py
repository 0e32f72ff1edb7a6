"""Stripe is asked by name where the lists do not say enough, and once only."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from creditctl.reconciliation.pull import PullPlan
from tests.support.payment_shop import Shop
from tests.support.scripted_stripe import SentRequest, meanwhile

OURS = {"managed_by": "creditctl"}


class Notebook:
    """Sessionless payments, kept by a test."""

    def __init__(self) -> None:
        self.intents: set[str] = set()

    def known(self) -> frozenset[str]:
        return frozenset(self.intents)

    def keep(self, intents: Iterable[str]) -> None:
        self.intents |= set(intents)


def asked(shop: Shop) -> list[str]:
    """The payments whose session was asked for."""
    requests = [request for request in shop.http.requests if request.path == "/v1/checkout/sessions"]
    return [request.query["payment_intent"][0] for request in requests if "payment_intent" in request.query]


def lists_intents(request: SentRequest) -> bool:
    return request.path == "/v1/payment_intents"


def test_a_payment_without_a_session_is_asked_for_once_ours_or_not(shop: Shop) -> None:
    shop.fulfil(shop.pay())
    for name, metadata in (("pi_ours", OURS), ("pi_foreign", {"order": "7"})):
        shop.intent(name, created=shop.now - 9000, metadata=metadata)
    shop.intent("pi_open", created=shop.now - 9000, status="requires_payment_method")
    notebook = Notebook()
    for _ in range(2):
        assert shop.found(plan=PullPlan(notebook)) == [("unattributed_payment", "pi_ours")]
    assert sorted(asked(shop)) == ["pi_foreign", "pi_ours"]
    assert notebook.intents == {"pi_foreign", "pi_ours"}


def test_a_session_that_is_missing_from_the_list_is_never_remembered_as_none(shop: Shop) -> None:
    key = shop.pay()
    shop.shelf.hidden = {shop.session_of(key)["id"]}
    notebook = Notebook()
    assert shop.found(plan=PullPlan(notebook)) == [("pull_incomplete", "stripe")]
    assert notebook.intents == set()
    shop.shelf.hidden = set()
    assert shop.found(plan=PullPlan(notebook)) == [("missing_credit", key)]


@pytest.mark.parametrize("path", ["payment_intents", "refunds", "disputes", "balance_transactions"])
def test_a_payment_made_while_the_lists_are_read_is_no_gap(shop: Shop, path: str) -> None:
    """Each list is read at another moment: what one names and another lacks is looked for once more."""
    shop.fulfil(shop.pay())

    def buy() -> None:
        key = shop.pay(age=0)
        shop.refund(key, 100, age=0)
        shop.dispute(key, 100, age=0)

    shop.http.on(meanwhile(buy), path=f"/v1/{path}", at=1)
    report = shop.reconcile()
    assert report.complete
    assert {finding.code for finding in report.findings} <= {"reconcile.in_flight"}


def test_a_shop_that_never_stands_still_is_read_all_the_same(shop: Shop) -> None:
    shop.http.on(meanwhile(lambda: shop.pay(age=0)), when=lists_intents)
    report = shop.reconcile()
    assert {finding.code for finding in report.findings} <= {"reconcile.in_flight", "reconcile.pull_incomplete"}


def test_an_event_speaks_of_a_session_that_no_list_shows(shop: Shop) -> None:
    """Paid, not credited, and even the list of this one payment lacks its session."""
    key = shop.pay(age=9000)
    session = shop.shelf.objects["checkout/sessions"].pop(shop.session_of(key)["id"])
    event = {"id": "evt_1", "object": "event", "type": "checkout.session.completed", "created": shop.now - 8999}
    shop.shelf.put("events", {**event, "data": {"object": session}})
    report = shop.reconcile()
    assert not report.complete
    assert report.basis.missing == {"checkout/sessions": (session["id"],)}
    assert report.findings[0].message.count(session["id"]) == 1
