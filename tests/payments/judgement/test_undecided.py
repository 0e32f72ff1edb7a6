"""What was given for a payment that a person has to decide is judged by what it would give, refunds included."""

from __future__ import annotations

from typing import Any

import pytest

from creditctl.core.entitlement.settlement import EntryKind
from tests.payments.judgement.test_holdings import ADJUSTED, held, obey
from tests.support.payment_shop import Shop

Given = tuple[int, str, dict[str, Any]]


def sold_twice(shop: Shop) -> str:
    """Two packages of 1,000 credits at once for user u7."""
    key = shop.pay(user="u7", amount_total=2000, amount_subtotal=2000)
    metadata = {"managed_by": "creditctl", "package": "starter", "credits": "1000"}
    price = {"id": "price_1", "product": "creditctl_starter", "unit_amount": 1000, "currency": "usd"}
    price |= {"metadata": metadata}
    item = {"id": "li_1", "quantity": 2, "amount_subtotal": 2000, "amount_total": 2000, "currency": "usd"}
    shop.line_items(key, {**item, "price": price})
    shop.shelf.put("prices", price)
    return key


BOOKED: dict[str, tuple[int, list[Given], dict[str, int]]] = {
    "given to a second user too": (0, [(1000, "u8", {})], {"u7": 2000, "u8": 0}),
    "given twice, and refunded in part": (1000, [(2000, "u7", {})], {"u7": 1000, "u8": 0}),
    "taken back by a correction": (0, [(-2000, "u7", {**ADJUSTED, "corrects": 1})], {"u7": 2000, "u8": 0}),
    "given twice, and a refund booked as an adjustment": (
        1000, [(-1000, "u7", ADJUSTED), (2000, "u7", {})], {"u7": 1000, "u8": 0},
    ),
    "taken for no refund": (0, [(-500, "u7", ADJUSTED)], {"u7": 2000, "u8": 0}),
}  # fmt: skip


@pytest.mark.parametrize("name", BOOKED)
def test_obeying_leads_to_what_the_payment_is_worth(shop: Shop, name: str) -> None:
    refunded, given, due = BOOKED[name]
    key = sold_twice(shop)
    shop.post(2000, "u7", payment_key=key, amount=2000)
    if refunded:
        shop.refund(key, refunded)
    for credits, user, changes in given:
        known = {"payment_key": key, "amount": 2000}
        shop.post(credits, user, **{**known, **changes})

    report = shop.reconcile()
    assert len(report.findings) == 1
    obey(shop, report.findings[0], due)

    assert held(shop) == due
    assert [code for code, _ in shop.found() if code != "settled_finding"] == []


def test_what_was_refunded_by_an_adjustment_is_not_to_be_given_again(shop: Shop) -> None:
    key = sold_twice(shop)
    shop.post(2000, "u7", payment_key=key, amount=2000)
    shop.refund(key, 2000)
    shop.post(-2000, "u7", kind=EntryKind.ADJUSTMENT, payment_key=key, amount=0, currency=None)
    assert shop.found() == []
