"""Listed objects: an application's own prices and products, which set-up leaves alone unless they are adopted. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from creditctl.core.catalog import Catalog
from creditctl.provisioning.planning.price import is_for
from creditctl.provisioning.state import Observed


def without_listed(catalog: Catalog, observed: Observed, adopted: Collection[str]) -> Observed:
    """What is observed, without what the catalogue lists as the application's own.

    Shape: `adopted` products are taken over all the same, with their prices; what those sold before, the listing still
           says. One that an earlier run took over goes on as ours, with the prices of it that are.
    """
    listings = catalog.listings
    before = _taken_before(catalog, observed)
    products = (
        each for each in observed.products if each.id in {*adopted, *before} or each.id not in listings.products
    )
    prices = (
        each
        for each in observed.prices
        if each.product in adopted
        or (each.product in before and each.ours)
        or not listings.names(each.id, each.product)
    )
    return replace(observed, products=tuple(products), prices=tuple(prices))


def _taken_before(catalog: Catalog, observed: Observed) -> frozenset[str]:
    """The listed products that carry our mark for a package of the catalogue: an adoption wrote it."""
    return frozenset(
        product.id
        for product in observed.products
        if product.id in catalog.listings.products
        and product.ours
        and any(is_for(product.metadata, package) for package in catalog)
    )
