"""Listed objects: an application's own prices and products, which set-up leaves alone unless they are adopted. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from creditctl.core.catalog import Catalog
from creditctl.provisioning.state import Observed


def without_listed(catalog: Catalog, observed: Observed, adopted: Collection[str]) -> Observed:
    """What is observed, without what the catalogue lists as the application's own.

    Shape: `adopted` products are taken over all the same, with their prices; what those sold before, the listing still
           says.
    """
    listings = catalog.listings
    products = (each for each in observed.products if each.id in adopted or each.id not in listings.products)
    prices = (each for each in observed.prices if each.product in adopted or not listings.names(each.id, each.product))
    return replace(observed, products=tuple(products), prices=tuple(prices))
