"""Whose a price is, and whether somebody vouches for its terms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from creditctl.core.catalog import Catalog, Package
from creditctl.core.entitlement.fields import MalformedFact
from creditctl.core.entitlement.prices import (
    LineItem,
    PriceFacts,
    PriceTerms,
    needs_history,
    needs_itself,
    needs_product,
    positive_count,
    price_is_ours,
    price_terms,
    superseded_by,
)

CATALOG = Catalog((Package(1, "starter", "Starter", 1000, 1000, "usd"),))
MARKS = {"managed_by": "creditctl", "package": "starter", "credits": "1000"}


def price(**changes: Any) -> PriceFacts:
    usual: dict[str, Any] = {"id": "price_1", "product": "creditctl_starter", "unit_amount": 1000, "currency": "usd"}
    usual |= {"lookup_key": None, "metadata": MARKS}
    return PriceFacts(**{**usual, **changes})


@pytest.mark.parametrize(
    ("product", "metadata", "product_metadata", "ours"),
    [
        ("creditctl_starter", {}, None, True),
        ("creditctl-eu-prod_starter", {}, None, True),
        ("prod_1", MARKS, MARKS, True),
        ("prod_1", MARKS, {}, False),
        ("prod_1", MARKS, None, False),
        ("prod_1", {}, MARKS, False),
        ("creditctl", MARKS, None, False),
        ("prod_creditctl_starter", MARKS, None, False),
        ("creditctl_", MARKS, None, False),
        ("", MARKS, None, False),
    ],
)
def test_a_price_is_ours_by_its_product_or_by_both_marks(
    product: str, metadata: dict[str, str], product_metadata: dict[str, str] | None, ours: bool
) -> None:
    assert price_is_ours(product, metadata, product_metadata) is ours


def test_terms_are_the_catalogues_or_vouched_for() -> None:
    assert price_terms(price(), CATALOG) == PriceTerms("starter", 1000)
    assert price_terms(price(metadata={}), CATALOG) == PriceTerms("starter", 1000)
    old = {"unit_amount": 900, "metadata": {**MARKS, "credits": "800"}}
    assert price_terms(price(**old), CATALOG) is None
    assert price_terms(price(**old, lookup_key="creditctl_starter_usd"), CATALOG) == PriceTerms("starter", 800)
    assert price_terms(price(**old, lookup_key="creditctl_basic_usd"), CATALOG) is None
    assert price_terms(price(**old, superseded=True), CATALOG) == PriceTerms("starter", 800)
    assert price_terms(price(**old, superseded=False), CATALOG) is None


def test_the_same_money_for_other_credits_is_not_the_packages_price() -> None:
    assert price_terms(price(metadata={**MARKS, "credits": "120000"}), CATALOG) is None


def test_only_what_can_decide_is_asked_for() -> None:
    mug = price(product="prod_1", metadata={}, active=True)
    assert needs_itself(mug)
    assert not needs_itself(replace(mug, current=True))
    assert not needs_itself(replace(mug, active=False))
    assert not needs_itself(replace(mug, product="creditctl_starter"))
    assert not needs_product(price())
    assert needs_product(price(product="prod_1"))
    assert not needs_product(price(product="prod_1", metadata={}))
    assert not needs_product(price(product="prod_1", product_metadata={}))
    assert not needs_history(price(), CATALOG)
    assert needs_history(price(unit_amount=900), CATALOG)
    assert not needs_history(price(unit_amount=900, superseded=False), CATALOG)
    assert not needs_history(price(unit_amount=900, metadata={}), CATALOG), "it says nothing that could be history"
    assert not needs_history(price(unit_amount=900, product="prod_1"), CATALOG)


def test_a_price_may_take_over_from_several() -> None:
    assert superseded_by({"supersedes": "price_1 price_2,price_3"}) == {"price_1", "price_2", "price_3"}
    assert superseded_by({}) == superseded_by({"supersedes": " "}) == frozenset()


def test_a_product_may_come_expanded() -> None:
    body = {"id": "price_1", "currency": "USD", "unit_amount": None, "product": {"id": "prod_1", "metadata": MARKS}}
    facts = PriceFacts.from_stripe({**body, "metadata": MARKS})
    assert (facts.product, facts.ours, facts.currency, facts.unit_amount) == ("prod_1", True, "usd", None)
    with pytest.raises(MalformedFact):
        PriceFacts.from_stripe({"id": "price_1"})


def test_a_line_item_without_price_or_quantity_is_one_of_nobodys() -> None:
    item = LineItem.from_stripe({"quantity": None, "amount_subtotal": 5, "currency": "USD", "price": None})
    assert (item.quantity, item.price, item.currency) == (1, None, "usd")


@pytest.mark.parametrize(
    ("value", "count"), [("1000", 1000), ("0", None), ("-5", None), ("1e3", None), ("٣", None), (None, None)]
)
def test_only_plain_digits_are_a_count(value: str | None, count: int | None) -> None:
    assert positive_count(value) == count
