"""Reads what was sold lately: the line items of finished Checkout sessions, as values to guess from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from creditctl.core.metadata import is_managed
from creditctl.payments.reading.stripe_reader import SESSIONS, StripeReader

PRODUCTS = "products"
_MOST_PRODUCTS = 50


@dataclass(frozen=True, slots=True)
class RecentSale:
    """One line of one session. Units: `unit_amount` in minor units of `currency`, `created` in Unix seconds."""

    price: str
    product: str
    name: str
    unit_amount: int | None
    currency: str
    quantity: int
    lines: int
    created: int
    managed: bool
    price_metadata: Mapping[str, str]
    session_metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SalesLook:
    """What a look at the latest sessions showed.

    Shape: `buyers` has, of each session, `client_reference_id` and metadata; `more` says that older ones were not read.
    """

    sales: tuple[RecentSale, ...] = ()
    buyers: tuple[tuple[str | None, Mapping[str, str]], ...] = ()
    products: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    more: bool = False


def read_sales(reader: StripeReader, most: int) -> SalesLook:
    """Reads the latest finished sessions that took a payment, and the products that they sold.

    Errors: as StripeReader.
    Source: Stripe API reference, "List all Checkout Sessions": status; "Expanding responses": line_items.
    """
    parameters = {"status": "complete", "expand": ["data.line_items"]}
    bodies = list(islice(reader.list(SESSIONS, parameters), most))
    paid = [body for body in bodies if body.get("mode", "payment") == "payment"]
    sales = tuple(sale for body in paid for sale in _sales(reader, body))
    foreign = list(dict.fromkeys(sale.product for sale in sales if not sale.managed and sale.product))
    products = {name: reader.one(PRODUCTS, name) or {} for name in foreign[:_MOST_PRODUCTS]}
    buyers = tuple((_text(body.get("client_reference_id")), _metadata(body)) for body in paid)
    return SalesLook(sales, buyers, products, more=len(bodies) == most)


def _sales(reader: StripeReader, body: Mapping[str, Any]) -> Iterator[RecentSale]:
    listed = body.get("line_items") or {}
    items = listed.get("data") or ()
    if listed.get("has_more"):
        items = reader.line_items(str(body["id"]))
    for item in items:
        price = item.get("price")
        if isinstance(price, Mapping):
            yield _sale(item, price, body, len(items))


def _sale(item: Mapping[str, Any], price: Mapping[str, Any], body: Mapping[str, Any], lines: int) -> RecentSale:
    product = price.get("product")
    metadata = _metadata(price)
    return RecentSale(
        price=str(price.get("id")),
        product=str(product.get("id") if isinstance(product, Mapping) else product or ""),
        name=_text(item.get("description")) or "",
        unit_amount=price.get("unit_amount"),
        currency=str(price.get("currency") or body.get("currency") or ""),
        quantity=int(item.get("quantity") or 1),
        lines=lines,
        created=int(body.get("created") or 0),
        managed=is_managed(metadata),
        price_metadata=metadata,
        session_metadata=_metadata(body),
    )


def _metadata(body: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in (body.get("metadata") or {}).items()}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
