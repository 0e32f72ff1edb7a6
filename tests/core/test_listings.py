"""What an application's own prices sold: which entry of the catalogue is about a sale, and what cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from creditctl.core.listings import Listed, Listings, PriceListing, SaleFacts, listing_faults, listings_of
from creditctl.core.project_file.packages import PackageSection, SoldEntry


def section(slug: str, *sold: SoldEntry, credits: int = 1000) -> PackageSection:
    return PackageSection(1, slug, slug.title(), credits, sold=sold)


def sale(**changes: Any) -> SaleFacts:
    usual: dict[str, Any] = {"price": "price_1", "product": "prod_1", "unit_amount": 700, "currency": "usd"}
    return SaleFacts(**{**usual, "metadata": {}, **changes})


def found(listings: Listings, what: SaleFacts, moment: int = 50) -> str | None:
    """Package and credits of what is found, None where the catalogue knows nothing."""
    listed = listings.find(what, moment)
    if listed is None:
        return None
    return "outside" if listed.listing is None else f"{listed.listing.package} {listed.listing.credits}"


def test_a_price_goes_before_its_product_and_that_before_a_rule() -> None:
    rule = SoldEntry(metadata=(("pack", "small"),), amount=700, currency="usd", credits=3)
    listings = listings_of(
        [section("a", rule, SoldEntry(product="prod_1", credits=2), SoldEntry(price="price_1", credits=1))]
    )
    assert found(listings, sale(metadata={"pack": "small"})) == "a 1"
    assert found(listings, sale(price="price_2", metadata={"pack": "small"})) == "a 2"
    assert found(listings, sale(price="price_2", product="prod_2", metadata={"pack": "small"})) == "a 3"
    assert found(listings, sale(price="price_2", product="prod_2")) is None


@pytest.mark.parametrize(
    "changes", [{"metadata": {}}, {"metadata": {"pack": "large"}}, {"unit_amount": 701}, {"currency": "eur"}]
)
def test_a_rule_needs_metadata_amount_and_currency_all_three(changes: dict[str, Any]) -> None:
    rule = SoldEntry(metadata=(("pack", "small"), ("app", "shop")), amount=700, currency="usd")
    listings = listings_of([section("a", rule)])
    metadata = {"pack": "small", "app": "shop", "other": "x"}
    assert found(listings, sale(metadata=metadata)) == "a 1000"
    assert found(listings, sale(**{"metadata": metadata, **changes})) is None


def test_periods_are_half_open_and_a_sale_outside_all_of_them_is_known_and_nothing() -> None:
    first = SoldEntry(price="price_1", credits=900, until=50)
    second = SoldEntry(price="price_1", since=50, until=90)
    listings = listings_of([section("a", first, second)])
    told = {moment: found(listings, sale(), moment) for moment in (0, 49, 50, 89, 90)}
    assert told == {0: "a 900", 49: "a 900", 50: "a 1000", 89: "a 1000", 90: "outside"}


def test_one_price_may_have_sold_different_packages_at_different_times() -> None:
    listings = listings_of(
        [section("a", SoldEntry(price="price_1", until=50)), section("b", SoldEntry(price="price_1", since=50))]
    )
    assert (found(listings, sale(), 49), found(listings, sale(), 50)) == ("a 1000", "b 1000")
    assert list(listing_faults(listings)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SoldEntry(price="price_1"), SoldEntry(price="price_1")),
        (SoldEntry(price="price_1", until=51), SoldEntry(price="price_1", since=50)),
        (SoldEntry(product="prod_1", since=50), SoldEntry(product="prod_1", since=60, until=70)),
        (
            SoldEntry(metadata=(("a", "1"), ("b", "2")), amount=1, currency="usd"),
            SoldEntry(metadata=(("b", "2"), ("a", "1")), amount=1, currency="usd"),
        ),
    ],
)
def test_nothing_is_sold_twice_at_one_time(one: SoldEntry, other: SoldEntry) -> None:
    (fault,) = listing_faults(listings_of([section("a", one), section("b", other)]))
    assert "sold twice at one time" in fault


def test_a_fee_is_no_package() -> None:
    (fault,) = listing_faults(listings_of([section("a", SoldEntry(price="price_1"))], ["price_1"]))
    assert fault == "price price_1 is both a package's and a fee"


def test_what_is_named_is_the_applications_own() -> None:
    sold = (SoldEntry(price="price_1"), SoldEntry(product="prod_1"))
    listings = listings_of([section("a", *sold)], ["price_fee"])
    assert listings.names("price_1", "prod_x")
    assert listings.names("price_x", "prod_1")
    assert listings.names("price_fee", "prod_x")
    assert not listings.names("price_x", "prod_x")
    assert not listings.names("", ""), "an entry without a price names none"
    assert listings.products == {"prod_1"}


def test_an_entry_is_the_packages_unless_it_says_otherwise() -> None:
    (plain, own) = listings_of([section("a", SoldEntry(price="p"), SoldEntry(price="q", credits=5))]).entries
    assert (plain.credits, own.credits) == (1000, 5)
    assert Listed(plain) == Listed(PriceListing("a", 1000, SoldEntry(price="p")))
