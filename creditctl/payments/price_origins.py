"""Price origins: what the products and later prices of an account say of the prices that a session sold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from creditctl.core.catalog import Catalog, lookup_key
from creditctl.core.entitlement.fields import id_of, metadata_of
from creditctl.core.entitlement.prices import (
    LineItem,
    PriceFacts,
    needs_history,
    needs_itself,
    needs_product,
    price_is_ours,
    superseded_by,
)
from creditctl.core.entitlement.sale import lacks_history, lacks_product


class PriceReads(Protocol):
    """Reads of products and prices, as plain data. Errors: a CreditctlError when the answer is not had in full."""

    def product(self, product_id: str) -> Mapping[str, Any] | None:
        """One product, or None where Stripe does not know it."""

    def price(self, price_id: str) -> Mapping[str, Any] | None:
        """One price as it is now with its product, or None where Stripe does not know it."""

    def prices(self, *, product: str | None = None, lookup_key: str | None = None) -> Sequence[Mapping[str, Any]]:
        """All prices of a product, or with a lookup key, archived ones too."""


@dataclass
class PriceOrigins:
    """Completes line items by what only Stripe knows of their prices; each product is read once.

    Shape: for one plan or one run; what it remembers is not asked again.
    """

    reads: PriceReads
    catalog: Catalog
    _read: dict[str, PriceFacts] = field(default_factory=dict)
    _products: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _prices: dict[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    _holders: dict[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    def completed(self, items: Iterable[LineItem]) -> tuple[LineItem, ...]:
        """The line items with everything that a decision about them needs."""
        return tuple(map(self._completed, items))

    def _completed(self, item: LineItem) -> LineItem:
        if item.price is None or not (lacks_product(item, self.catalog) or lacks_history(item, self.catalog)):
            return item
        return replace(item, price=self._known(item.price))

    def _known(self, price: PriceFacts) -> PriceFacts:
        if needs_itself(price):
            price = self._current(price)
        if needs_product(price):
            price = replace(price, product_metadata=self._product(price.product))
        if needs_history(price, self.catalog):
            price = replace(price, superseded=price.id in self._superseded(price))
        return price

    def _current(self, price: PriceFacts) -> PriceFacts:
        if price.id not in self._read:
            body = self.reads.price(price.id)
            self._read[price.id] = price if body is None else PriceFacts.from_stripe(body)
        return replace(self._read[price.id], current=True)

    def _superseded(self, price: PriceFacts) -> set[str]:
        """The prices that others of ours name, on its product and on the one that sells its package now."""
        key = lookup_key(price.package or "", price.currency, price.deployment)
        if key not in self._holders:
            self._holders[key] = self.reads.prices(lookup_key=key)
        products = {price.product, *(id_of(each.get("product")) or "" for each in self._holders[key])} - {""}
        return {name for product in sorted(products) for name in self._named_on(product)}

    def _named_on(self, product: str) -> set[str]:
        if product not in self._prices:
            self._prices[product] = self.reads.prices(product=product)
        marks = [metadata_of(each) for each in self._prices[product]]
        return {name for each in marks if self._is_ours(product, each) for name in superseded_by(each)}

    def _is_ours(self, product: str, metadata: Mapping[str, str]) -> bool:
        return bool(superseded_by(metadata)) and (
            price_is_ours(product, metadata, None) or price_is_ours(product, metadata, self._product(product))
        )

    def _product(self, product_id: str) -> Mapping[str, str]:
        if product_id not in self._products:
            found = self.reads.product(product_id) if product_id else None
            self._products[product_id] = {} if found is None else metadata_of(found)
        return self._products[product_id]
