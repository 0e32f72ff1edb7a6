"""Prices that were sold: whose one is, by its product, and whether its terms are a package's, now or before. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creditctl.core.catalog import Catalog, Package, lookup_key, named_by_product
from creditctl.core.deployment import deployment_in
from creditctl.core.entitlement.fields import id_of, metadata_of, optional_text, text, whole
from creditctl.core.metadata import is_managed

SUPERSEDES_KEY = "supersedes"
"""The metadata key under which a price names those that it took over from."""

_SEPARATORS = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True)
class PriceFacts:
    """A price, current or archived; what ours sold stands in its metadata for ever.

    Shape:  `product_metadata` is None where the product was not read, `superseded` (whether another price of ours
            names this one) where its history was not. `current` says that it was read as it is now, and not as a
            line item may have kept it from the time of the sale.
    Source: Stripe API reference, "The Price object".
    """

    id: str
    product: str
    unit_amount: int | None
    currency: str
    lookup_key: str | None
    metadata: Mapping[str, str]
    product_metadata: Mapping[str, str] | None = None
    superseded: bool | None = None
    active: bool = False
    current: bool = False

    @property
    def ours(self) -> bool:
        """Whether creditctl made the price, or took it over, for this deployment or another."""
        return price_is_ours(self.product, self.metadata, self.product_metadata)

    @property
    def package(self) -> str | None:
        """The slug of the package that it sells, by its metadata, else by its product."""
        by_id = named_by_product(self.product)
        return self.metadata.get("package") or (None if by_id is None else by_id[1])

    @property
    def deployment(self) -> str | None:
        """The deployment that the price was made for, by its metadata, else by its product."""
        by_id = named_by_product(self.product)
        return deployment_in(self.metadata) or (None if by_id is None else by_id[0])

    @property
    def credits(self) -> int | None:
        """How many credits it sells; None where its metadata does not say."""
        return positive_count(self.metadata.get("credits"))

    @classmethod
    def from_stripe(cls, data: Mapping[str, Any]) -> PriceFacts:
        """The facts in a price, its product expanded or not. Errors: MalformedFact."""
        product = data.get("product")
        return cls(
            id=text(data, "id"),
            product=id_of(product) or "",
            unit_amount=whole(data, "unit_amount") if data.get("unit_amount") is not None else None,
            currency=text(data, "currency").lower(),
            lookup_key=optional_text(data, "lookup_key"),
            metadata=metadata_of(data),
            product_metadata=metadata_of(product) if isinstance(product, Mapping) else None,
            active=data.get("active") is True,
        )


@dataclass(frozen=True, slots=True)
class PriceTerms:
    """What one unit of a price sells: so many credits of a package."""

    package: str
    credits: int


def price_is_ours(product_id: str, metadata: Mapping[str, str], product_metadata: Mapping[str, str] | None) -> bool:
    """Whether a price is ours: its product has an id of ours, or both carry our mark, as what was adopted does.

    A mark on the price alone is no proof: metadata is copied with a price, and anybody can write it.
    """
    if named_by_product(product_id) is not None:
        return True
    return is_managed(metadata) and product_metadata is not None and is_managed(product_metadata)


def superseded_by(metadata: Mapping[str, str]) -> frozenset[str]:
    """The ids of the prices that a price names as those it took over from."""
    return frozenset(filter(None, _SEPARATORS.split(metadata.get(SUPERSEDES_KEY, ""))))


def needs_itself(price: PriceFacts) -> bool:
    """Whether the price has to be read as it is now: it may have been adopted after the sale.

    Shape:  one that was made for a single sale is never active, and cannot be adopted.
    Source: unconfirmed whether a line item shows its price as it is, or as it was; this holds for both.
    """
    return price.active and not price.current and not price.ours and not is_managed(price.metadata)


def needs_product(price: PriceFacts) -> bool:
    """Whether only the product's own mark can say whose a price is."""
    return not price.ours and is_managed(price.metadata) and price.product_metadata is None


def needs_history(price: PriceFacts, catalog: Catalog) -> bool:
    """Whether only the prices that came after it can say what a price of ours sold."""
    return price.ours and price.superseded is None and _present_terms(price, catalog) is None and bool(_said(price))


def price_terms(price: PriceFacts, catalog: Catalog) -> PriceTerms | None:
    """The terms of a price of ours; None where nobody vouches for what it says.

    Shape: they are those of the catalogue's package; or what the price says, if it holds the package's lookup key or
           another price of ours names it in `supersedes`, so that set-up made it so.
    """
    return _present_terms(price, catalog) or (_said(price) if price.superseded else None)


def _present_terms(price: PriceFacts, catalog: Catalog) -> PriceTerms | None:
    package = catalog.by_slug(price.package or "")
    if package is not None and _sells(price, package):
        return PriceTerms(package.slug, package.credits)
    said = _said(price)
    if said is not None and price.lookup_key == lookup_key(said.package, price.currency, price.deployment):
        return said
    return None


def _sells(price: PriceFacts, package: Package) -> bool:
    """Whether a price asks what a package costs; credits that are not written on it are not held against it."""
    asks = (price.unit_amount, price.currency) == (package.amount, package.currency)
    return asks and price.metadata.get("credits") in (None, str(package.credits))


def _said(price: PriceFacts) -> PriceTerms | None:
    """The terms as the price's own metadata has them."""
    if price.package is None or price.credits is None:
        return None
    return PriceTerms(price.package, price.credits)


def positive_count(value: str | None) -> int | None:
    """The count in a metadata value, or None if it is not one in plain digits."""
    if value is None or not (value.isascii() and value.isdigit() and len(value) <= 12):
        return None
    return int(value) or None


@dataclass(frozen=True, slots=True)
class LineItem:
    """One line of a checkout session.

    Units:  amounts in minor units of `currency`; `amount_total` is what was paid for the line, after discounts.
    Source: Stripe API reference, "Retrieve a Checkout Session's line items".
    """

    quantity: int
    amount_subtotal: int
    currency: str
    price: PriceFacts | None
    amount_total: int

    @classmethod
    def from_stripe(cls, data: Mapping[str, Any]) -> LineItem:
        """The facts in one line item.

        Errors: MalformedFact.
        """
        price, subtotal = data.get("price"), whole(data, "amount_subtotal")
        return cls(
            quantity=whole(data, "quantity") if data.get("quantity") is not None else 1,
            amount_subtotal=subtotal,
            currency=text(data, "currency").lower(),
            price=PriceFacts.from_stripe(price) if isinstance(price, Mapping) else None,
            amount_total=subtotal if data.get("amount_total") is None else whole(data, "amount_total"),
        )
