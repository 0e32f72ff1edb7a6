"""Proposals from sales: grouped by product, inline prices apart, slugs unique, fees never packages."""

from __future__ import annotations

from dataclasses import replace

from creditctl.provisioning.scaffold.booked import BookedPayment
from creditctl.provisioning.scaffold.proposal import propose_packages
from creditctl.provisioning.scaffold.sales import RecentSale, SalesLook


def sale(price: str, name: str, product: str = "prod_1", lines: int = 1, **session: str) -> RecentSale:
    return RecentSale(price, product, name, 100, "usd", 1, lines, 0, False, {}, session)


def test_prices_of_one_product_are_one_package_and_the_most_sold_comes_first() -> None:
    look = SalesLook((sale("price_1", "A"), *[sale("price_2", "B", "prod_2")] * 3, sale("price_3", "A2")))

    proposed = propose_packages(look)

    assert [(each.slug, [price.key for price in each.prices]) for each in proposed.packages] == [
        ("b", ["price_2"]),
        ("a", ["price_1", "price_3"]),
    ]


def test_two_products_of_one_name_have_two_slugs() -> None:
    look = SalesLook((sale("price_1", "Gold!"), sale("price_2", "gold", "prod_2"), sale("price_3", "---", "prod_3")))

    assert [each.slug for each in propose_packages(look).packages] == ["gold", "gold-2", "package"]


def test_inline_prices_are_told_apart_by_a_key_or_not_at_all() -> None:
    packs = (sale("price_1", "S", pack="s"), sale("price_2", "S", pack="s"))
    others = (sale("price_3", "L", pack="l"), sale("price_4", "L", pack="l"))
    nameless = (sale("price_5", "X", cart="1"), sale("price_6", "X", cart="1"))

    proposed = propose_packages(SalesLook((*packs, *others, *nameless)))

    assert [each.prices[0].mark for each in proposed.packages] == [("pack", "s"), ("pack", "l"), None]


def test_what_other_prices_are_sold_with_as_well_does_not_mark_an_inline_price() -> None:
    packs = (sale("price_1", "S", region="eu", pack="s"), sale("price_2", "S", region="eu", pack="s"))
    listed = [sale("price_3", "L", "prod_2", region="eu")]

    marked, _ = propose_packages(SalesLook((*packs, *listed))).packages
    alone, _ = propose_packages(
        SalesLook((sale("price_1", "S", region="eu"), sale("price_2", "S", region="eu"), *listed))
    ).packages

    assert marked.prices[0].mark == ("pack", "s")
    assert alone.prices[0].mark == ("region", "eu")


def test_a_fee_is_one_only_beside_something_else() -> None:
    beside = SalesLook((sale("price_1", "Gold", lines=2), sale("price_2", "Service fee", "prod_2", lines=2)))
    alone = SalesLook((sale("price_2", "Service fee", "prod_2"),))

    assert propose_packages(beside).fees == (("price_2", "Service fee"),)
    assert [each.slug for each in propose_packages(beside).packages] == ["gold"]
    assert propose_packages(alone).fees == ()


def test_an_inline_price_that_was_sold_once_is_no_product() -> None:
    once = replace(sale("price_1", "Pack", user_id="u1", pack="s"), made_for_it=True)
    other = [replace(sale("price_2", "Pack", pack="l"), unit_amount=900)] * 1

    first, second = propose_packages(SalesLook((once, *(replace(each, made_for_it=True) for each in other)))).packages

    assert [each.product for each in (first, second)] == [None, None]
    assert [each.prices[0].mark for each in (first, second)] == [("pack", "s"), ("pack", "l")]
    assert len({each.prices[0].key for each in (first, second)}) == 2


def test_prices_that_stood_before_are_no_inline_ones_though_each_was_sold_once() -> None:
    """Credits changed and the amount did not: two prices alike, which their product cannot tell apart."""
    old, new = (replace(sale(f"price_{n}", "Pack", pack="s"), stood=True) for n in range(2))

    (package,) = propose_packages(SalesLook((old, new))).packages

    assert [(price.key, price.mark) for price in package.prices] == [("price_0", None), ("price_1", None)]


def test_a_product_with_inline_prices_as_well_does_not_say_what_they_sell() -> None:
    listed = [sale("price_1", "Pack")] * 3
    inline = [replace(sale(f"price_{n}", "Pack", pack="s"), unit_amount=900, made_for_it=True) for n in range(2, 4)]

    packages = propose_packages(SalesLook((*listed, *inline))).packages

    assert [each.product for each in packages] == [None, None]


def test_one_mark_may_stand_at_two_amounts() -> None:
    old = [replace(sale(f"price_{n}", "Credits", region="eu", pack="s"), unit_amount=500) for n in range(2)]
    new = [replace(sale(f"price_{n}", "Credits", region="eu", pack="s"), unit_amount=700) for n in range(2, 4)]
    large = [replace(sale(f"price_{n}", "Credits", region="eu", pack="l"), unit_amount=900) for n in range(4, 6)]

    proposed = propose_packages(SalesLook((*old, *new, *large)))

    assert [each.prices[0].mark for each in proposed.packages] == [("pack", "s"), ("pack", "s"), ("pack", "l")]


def test_a_price_whose_sales_were_booked_differently_says_so() -> None:
    """Two sales are too few to tell which of them is wrong: a person has to say it, and should see both."""
    sold = [replace(sale("price_1", "Pack"), created=moment, names=(f"cs_{moment}",)) for moment in (1, 2)]
    booked = {"cs_1": BookedPayment("u1", 700), "cs_2": BookedPayment("u2", 650)}
    (package,) = propose_packages(SalesLook(sales=tuple(sold)), booked).packages

    assert package.prices[0].guess is None
    assert "(700, 650)" in package.prices[0].unsaid
