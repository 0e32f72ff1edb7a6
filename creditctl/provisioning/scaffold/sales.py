"""Reads what was sold lately: the line items of finished Checkout sessions, as values to guess from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from creditctl.core.errors import ConfigurationError
from creditctl.core.metadata import is_managed
from creditctl.payments.reading.stripe_reader import INTENTS, SESSIONS, StripeReader

PRODUCTS = "products"
_MOST_PRODUCTS = 50
_MADE_FOR_IT_SECONDS = 60
"""An inline price is made with its session; one that was archived since is older than what it sold."""


@dataclass(frozen=True, slots=True)
class RecentSession:
    """One finished session. Shape: `names` are the ids of its payment, by any of which a row may call it.

    Units: `created` in Unix seconds, `amount` in minor units.
    """

    reference: str | None
    metadata: Mapping[str, str]
    names: tuple[str, ...] = ()
    created: int = 0
    amount: int = 0


@dataclass(frozen=True, slots=True)
class RecentSale:
    """One line of one session. Units: `unit_amount` in minor units of `currency`, `created` in Unix seconds.

    Shape: `made_for_it` says that the price was made for this session alone, `stood` that it was there long before.
    """

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
    names: tuple[str, ...] = ()
    made_for_it: bool = False
    stood: bool = False


@dataclass(frozen=True, slots=True)
class RecentCharge:
    """One payment without a session, as of a saved card. Units: `amount` in minor units of `currency`."""

    names: tuple[str, ...]
    amount: int
    currency: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SalesLook:
    """What a look at the latest sessions showed. Shape: `more` says that older ones were not read."""

    sales: tuple[RecentSale, ...] = ()
    sessions: tuple[RecentSession, ...] = ()
    products: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    charges: tuple[RecentCharge, ...] = ()
    more: bool = False


def read_sales(reader: StripeReader, most: int) -> SalesLook:
    """Reads the latest finished sessions that took a payment, and the products that they sold.

    Errors: as StripeReader.
    Source: Stripe API reference, "List all Checkout Sessions": status; "Expanding responses": line_items.
    """
    parameters = {"status": "complete", "expand": ["data.line_items"]}
    bodies = list(islice(reader.list(SESSIONS, parameters), most))
    paid = [body for body in bodies if body.get("mode", "payment") == "payment"]
    intents = _intents(reader, 2 * most)
    charges = {str(each["id"]): str(each["latest_charge"]) for each in intents if each.get("latest_charge")}
    sales = tuple(sale for body in paid for sale in _sales(reader, body, _names(body, charges)))
    foreign = list(dict.fromkeys(sale.product for sale in sales if not sale.managed and sale.product))
    products = {name: reader.one(PRODUCTS, name) or {} for name in foreign[:_MOST_PRODUCTS]}
    sessions = tuple(
        RecentSession(
            _text(body.get("client_reference_id")),
            _metadata(body),
            _names(body, charges),
            int(body.get("created") or 0),
            int(body.get("amount_total") or 0),
        )
        for body in paid
    )
    more = len(bodies) == most
    return SalesLook(sales, sessions, products, _without_session(intents, bodies, more=more), more)


def _intents(reader: StripeReader, most: int) -> list[Mapping[str, Any]]:
    """The latest payment intents; none where the key may not read them: sessions alone say most."""
    try:
        return list(islice(reader.list(INTENTS, {}), most))
    except ConfigurationError:
        return []


def _without_session(
    intents: Sequence[Mapping[str, Any]], sessions: Sequence[Mapping[str, Any]], *, more: bool
) -> tuple[RecentCharge, ...]:
    """Payments of no session: of those that are older than the sessions that were read nobody can tell."""
    known = {_text(body.get("payment_intent")) for body in sessions}
    since = min((int(body["created"]) for body in sessions), default=0) if more else 0
    return tuple(
        RecentCharge(
            tuple(filter(None, (str(each["id"]), _text(each.get("latest_charge"))))),
            int(each.get("amount_received") or 0),
            str(each.get("currency")),
            _metadata(each),
        )
        for each in intents
        if each.get("status") == "succeeded" and each["id"] not in known and int(each["created"]) > since
    )


def _names(body: Mapping[str, Any], charges: Mapping[str, str]) -> tuple[str, ...]:
    intent = _text(body.get("payment_intent"))
    return tuple(filter(None, (str(body["id"]), intent, charges.get(intent or ""), _text(body.get("invoice")))))


def _sales(reader: StripeReader, body: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[RecentSale]:
    listed = body.get("line_items") or {}
    items = listed.get("data") or ()
    if listed.get("has_more"):
        items = reader.line_items(str(body["id"]))
    for item in items:
        price = item.get("price")
        if isinstance(price, Mapping):
            yield _sale(item, price, body, len(items), names)


def _sale(
    item: Mapping[str, Any], price: Mapping[str, Any], body: Mapping[str, Any], lines: int, names: tuple[str, ...]
) -> RecentSale:
    product, created = price.get("product"), int(body.get("created") or 0)
    age = created - int(price.get("created") or created)
    metadata = _metadata(price)
    return RecentSale(
        price=str(price.get("id")),
        product=str(product.get("id") if isinstance(product, Mapping) else product or ""),
        name=_text(item.get("description")) or "",
        unit_amount=price.get("unit_amount"),
        currency=str(price.get("currency") or body.get("currency") or ""),
        quantity=int(item.get("quantity") or 1),
        lines=lines,
        created=created,
        managed=is_managed(metadata),
        price_metadata=metadata,
        session_metadata=_metadata(body),
        names=names,
        made_for_it=price.get("active") is False and "created" in price and abs(age) <= _MADE_FOR_IT_SECONDS,
        stood=age > _MADE_FOR_IT_SECONDS,
    )


def _metadata(body: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in (body.get("metadata") or {}).items()}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
