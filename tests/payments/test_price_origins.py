"""What is read of products and prices, and that it is read only where it decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from creditctl.core.catalog import Catalog, Package
from creditctl.core.entitlement.prices import LineItem
from creditctl.payments.price_origins import PriceOrigins

CATALOG = Catalog((Package(1, "starter", "Starter", 1000, 1000, "usd"),))
MARKS = {"managed_by": "creditctl", "package": "starter", "credits": "800"}


class Account:
    """The products and prices of an account, and what was asked of it."""

    def __init__(self, *prices: dict[str, Any], **products: dict[str, str]) -> None:
        self.all = prices
        self.marks = products
        self.asked: list[str] = []

    def product(self, product_id: str) -> Mapping[str, Any] | None:
        self.asked.append(product_id)
        return {"id": product_id, "metadata": self.marks[product_id]} if product_id in self.marks else None

    def price(self, price_id: str) -> Mapping[str, Any] | None:
        self.asked.append(price_id)
        return next((each for each in self.all if each["id"] == price_id), None)

    def prices(self, *, product: str | None = None, lookup_key: str | None = None) -> Sequence[Mapping[str, Any]]:
        self.asked.append(f"prices of {product or lookup_key}")
        named = {"product": product, "lookup_key": lookup_key}
        wanted = {key: value for key, value in named.items() if value is not None}
        return [each for each in self.all if wanted.items() <= each.items()]


def body(price_id: str = "price_old", product: Any = "creditctl_starter", **changes: Any) -> dict[str, Any]:
    known = {"id": price_id, "product": product, "unit_amount": 900, "currency": "usd", "metadata": MARKS}
    return known | changes


def completed(account: Account, **changes: Any) -> tuple[bool, bool | None]:
    """Whether the price of a line is ours, and whether another names it."""
    item = LineItem.from_stripe({"quantity": 1, "amount_subtotal": 900, "currency": "usd", "price": body() | changes})
    (known,) = PriceOrigins(account, CATALOG).completed([item])
    assert known.price is not None
    return known.price.ours, known.price.superseded


def test_nothing_is_asked_where_the_price_says_all() -> None:
    account = Account()
    assert completed(account, lookup_key="creditctl_starter_usd") == (True, None)
    assert completed(account, unit_amount=1000, metadata={}) == (True, None)
    assert completed(account, product="prod_mug", metadata={}) == (False, None)
    assert account.asked == []


def test_history_is_what_another_price_of_ours_names() -> None:
    new = body("price_new", metadata={**MARKS, "supersedes": "price_old"})
    assert completed(Account(new)) == (True, True)
    assert completed(Account(body("price_new", metadata={**MARKS, "supersedes": "price_other"}))) == (True, False)
    assert completed(Account()) == (True, False)


def test_a_stranger_that_names_it_vouches_for_nothing() -> None:
    copied = body(
        "price_new", "prod_mug", lookup_key="creditctl_starter_usd", metadata={**MARKS, "supersedes": "price_old"}
    )
    assert completed(Account(copied, prod_mug={})) == (True, False)


def test_the_successor_may_be_on_another_product_that_was_adopted() -> None:
    new = body(
        "price_new",
        "prod_own",
        lookup_key="creditctl_starter_usd",
        metadata={**MARKS, "supersedes": "price_x price_old"},
    )
    assert completed(Account(new, prod_own=MARKS)) == (True, True)


def test_a_marked_price_is_ours_where_its_product_is_marked_too() -> None:
    assert completed(
        Account(prod_own=MARKS), product="prod_own", unit_amount=1000, metadata={**MARKS, "credits": "1000"}
    ) == (True, None)
    assert completed(Account(prod_own={}), product="prod_own") == (False, None)
    assert completed(Account(), product="prod_gone") == (False, None)


def test_each_product_is_read_once() -> None:
    account = Account(body("price_new"), prod_own=MARKS)
    line = {"quantity": 1, "amount_subtotal": 900, "currency": "usd", "price": body(product="prod_own")}
    items = [LineItem.from_stripe(line)] * 3
    PriceOrigins(account, CATALOG).completed(items)
    assert sorted(account.asked) == ["prices of creditctl_starter_usd", "prices of prod_own", "prod_own"]


def test_a_price_that_was_adopted_after_the_sale_is_read_as_it_is_now() -> None:
    """A line item may show the price as it was."""
    adopted = body(product={"id": "prod_own", "metadata": MARKS}, lookup_key="creditctl_starter_usd")
    account = Account(adopted)
    assert completed(account, product="prod_own", metadata={}, active=True) == (True, None)
    assert account.asked == ["price_old"]
    assert completed(Account(), product="prod_own", metadata={}, active=True) == (False, None)
    made_for_one_sale = Account(adopted)
    assert completed(made_for_one_sale, product="prod_own", metadata={}, active=False) == (False, None)
    assert made_for_one_sale.asked == []
