"""What is kept answers like Stripe; whatever is not kept, Stripe is asked for, unless it may not be."""

from __future__ import annotations

from typing import Any

import pytest

from creditctl.core.errors import Unreachable
from creditctl.ledger.archive.pull_models import PullSlice
from creditctl.ledger.archive.pull_store import PullStore
from creditctl.ledger.archive.store import Archive
from creditctl.payments.reading.kept_objects import decode_page
from creditctl.reconciliation.kept.kept_lists import KeptLists
from tests.support.archives import archive
from tests.support.payment_shop import Shop

__all__ = ["archive"]


def lists(shop: Shop, archive: Archive, *, offline: bool = False) -> KeptLists:
    """Kept refunds and sessions of a shop."""
    store = PullStore(archive)
    store.begin_whole(1, 1, [])
    for path in ("refunds", "checkout/sessions"):
        body: Any = shop.client.raw_request("get", f"/v1/{path}", limit=100).body
        objects, _ = decode_page(path, str(body).encode())
        store.keep(PullSlice(path, 0, None), objects, whole=True)
    shop.http.requests.clear()
    return KeptLists(shop.client, store=store, offline=offline)


def test_a_list_is_answered_without_stripe(shop: Shop, archive: Archive) -> None:
    key = shop.pay()
    names = [shop.refund(key, 100, age=age) for age in (10, 20, 30)]
    kept = lists(shop, archive, offline=True)
    assert [body["id"] for body in kept.list("refunds")] == names
    since = {"created": {"gte": shop.now - 25, "lt": shop.now - 15}}
    assert [body["id"] for body in kept.list("refunds", since)] == [names[1]]
    assert shop.http.requests == []


def test_whatever_else_is_asked_for_stripe_answers(shop: Shop, archive: Archive) -> None:
    key = shop.pay()
    shop.refund(key, 100)
    kept = lists(shop, archive)
    assert len(list(kept.list("refunds", {"payment_intent": key}))) == 1
    assert kept.one("payment_intents", key) is not None
    assert len(shop.http.requests) == 2


def test_line_items_are_asked_for_once(shop: Shop, archive: Archive) -> None:
    key = shop.pay()
    shop.line_items(key, {"id": "li_1"})
    kept = lists(shop, archive)
    session = shop.session_of(key)["id"]
    assert kept.line_items(session) == kept.line_items(session) == [{"id": "li_1"}]
    assert len(shop.http.requests) == 1
    (shown,) = kept.list("checkout/sessions", {"expand": ["data.line_items"]})
    assert shown["line_items"] == {"data": [{"id": "li_1"}], "has_more": False}


def test_offline_says_what_is_not_kept(shop: Shop, archive: Archive) -> None:
    key = shop.pay()
    kept = lists(shop, archive, offline=True)
    for ask in (
        lambda: kept.one("payment_intents", key),
        lambda: list(kept.list("events")),
        lambda: kept.line_items("cs_1"),
    ):
        with pytest.raises(Unreachable) as caught:
            ask()
        assert caught.value.code == "reconcile.not_kept"
    assert shop.http.requests == []
