"""Sources of customers: cards from tokens, as older integrations save them. Each is a payment method too.

Source: Stripe API reference, "Cards"; Stripe docs, "Payment Methods API" (saved cards are usable as payment methods).
"""

from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import PAGE_FIELDS, page
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import merged, updated
from creditctl.emulator.payments.declines import not_saved
from creditctl.emulator.payments.methods import make_method
from creditctl.emulator.protocol.errors import missing_parameter, no_such, only_one_of
from creditctl.emulator.protocol.fields import Enum, Field, Integer, Text
from creditctl.emulator.protocol.forms import Node
from creditctl.emulator.protocol.schema import Hash, Metadata
from creditctl.emulator.storage.object_types import CUSTOMER, PAYMENT_METHOD, Body
from creditctl.emulator.storage.store import Condition, Row, column
from creditctl.emulator.webhooks.events import previous_attributes


class CardSource(Field):
    """A token, or a hash with a card's number."""

    def parse(self, node: Node, param: str) -> dict[str, Any]:
        return {"token": node} if isinstance(node, str) else _CARD.parse(node, param)


_CARD = Hash(
    fields={
        "cvc": Text(),
        "exp_month": Integer(required=True),
        "exp_year": Integer(required=True),
        "number": Text(required=True),
        "object": Enum(values=("card",)),
    }
)
SOURCE = CardSource()
_BRANDS = {
    "amex": "American Express",
    "diners": "Diners Club",
    "discover": "Discover",
    "jcb": "JCB",
    "mastercard": "MasterCard",
    "unionpay": "UnionPay",
    "visa": "Visa",
}


def add_source(context: RequestContext, customer: str, details: Body, metadata: dict[str, str] | None = None) -> Body:
    """Save a card to a customer; one that always declines is refused. Answers the card."""
    method = make_method(context, {"type": "card", "card": details}, card_id=context.new_id("card_"))
    if method.card.decline and not method.card.attaches:
        raise not_saved(method.card.decline)
    method.body |= {"customer": customer, "metadata": merged({}, metadata)}
    checks = {**method.body["card"]["checks"], "cvc_check": method.card.cvc_check}
    method.body["card"] = {**method.body["card"], "checks": checks}
    context.save(PAYMENT_METHOD, method.body)
    card = card_of(method.body)
    context.emit("customer.source.created", card)
    return card


def card_of(method: Body) -> Body:
    """A saved card as the object that it is among a customer's sources."""
    card, address = method["card"], method["billing_details"]["address"]
    return {
        "id": method["id"],
        "object": "card",
        "address_city": address["city"],
        "address_country": address["country"],
        "address_line1": address["line1"],
        "address_line1_check": card["checks"]["address_line1_check"],
        "address_line2": address["line2"],
        "address_state": address["state"],
        "address_zip": address["postal_code"],
        "address_zip_check": card["checks"]["address_postal_code_check"],
        "brand": _BRANDS.get(card["brand"], "Unknown"),
        "country": card["country"],
        "customer": method["customer"],
        "cvc_check": card["checks"]["cvc_check"],
        "dynamic_last4": None,
        "exp_month": card["exp_month"],
        "exp_year": card["exp_year"],
        "fingerprint": card["fingerprint"],
        "funding": card["funding"],
        "last4": card["last4"],
        "metadata": method["metadata"],
        "name": method["billing_details"]["name"],
        "regulated_status": card["regulated_status"],
        "tokenization_method": None,
        "wallet": None,
    }


def own_source(context: RequestContext, customer: str, name: str, param: str, status: int = 404) -> Body:
    """A card of a customer. Errors: StripeError where the customer has none of this name."""
    row = context.find(name, PAYMENT_METHOD)
    if row is None or not name.startswith("card_") or row.decoded()["customer"] != customer:
        raise no_such("source", name, param, status=status)
    return card_of(row.decoded())


def default_source(context: RequestContext, customer: Body) -> Body | None:
    """`default_source` of an expanded customer."""
    name = customer["default_source"]
    return own_source(context, customer["id"], name, "default_source") if name else None


def included_sources(context: RequestContext, customer: Body) -> Body:
    """`sources` of an expanded customer: the first ten."""
    rows = context.services.store.select(context.scope.id, PAYMENT_METHOD, *_cards_of(customer["id"]))
    return _listed(customer["id"], rows[:10], more=len(rows) > 10)


def _cards_of(customer: str) -> list[Condition]:
    return [column("owner", customer), ("id GLOB 'card_*'", [])]


def _listed(customer: str, rows: list[Row], *, more: bool, name: str = "sources") -> Body:
    return {
        "object": "list",
        "data": [card_of(row.decoded()) for row in rows],
        "has_more": more,
        "url": f"/v1/customers/{customer}/{name}",
    }


def create(context: RequestContext) -> Body:
    """Save a card to the customer of the path; the first becomes its default."""
    params = context.params
    customer = context.fetch(CUSTOMER, context.args[0], "customer")
    card = add_source(context, customer["id"], params.get("source") or params["card"], params.get("metadata"))
    if customer["default_source"] is None:
        context.change(CUSTOMER, customer, customer | {"default_source": card["id"]}, "customer.updated")
    return card


def _check_create(context: RequestContext) -> None:
    """A card is given by either name. Source: Stripe's OpenAPI description, `PostCustomersCustomerSources`."""
    only_one_of(context.params, ("source", "card"))
    if not {"source", "card"} & set(context.params):
        raise missing_parameter("source")


def update(context: RequestContext) -> Body:
    """Change what is written on a card; an address that is new has not been checked yet."""
    context.fetch(CUSTOMER, context.args[0], "customer")
    before = own_source(context, context.args[0], context.args[1], "id")
    method = context.fetch(PAYMENT_METHOD, before["id"])
    after = updated(method, context.params, ())
    given = {part: context.params[name] for name, part in _ADDRESS.items() if name in context.params}
    after["billing_details"]["address"] |= given
    if "name" in context.params:
        after["billing_details"]["name"] = context.params["name"]
    after["card"] |= {name: context.params[name] for name in ("exp_month", "exp_year") if name in context.params}
    for part in ("line1", "postal_code"):
        if part in given:
            after["card"]["checks"][f"address_{part}_check"] = "unchecked" if given[part] else None
    card = card_of(after)
    previous = previous_attributes(before, card)
    if previous:
        context.save(PAYMENT_METHOD, after)
        context.emit("customer.source.updated", card, previous)
    return card


def list_sources(context: RequestContext) -> Body:
    """The cards of a customer."""
    customer = context.fetch(CUSTOMER, context.args[0], "customer")["id"]
    if context.params.get("object") == "bank_account":
        return _listed(customer, [], more=False)
    rows, more = page(context, PAYMENT_METHOD, _cards_of(customer))
    return _listed(customer, rows, more=more)


def list_cards(context: RequestContext) -> Body:
    """The cards of a customer, by the older path."""
    customer = context.fetch(CUSTOMER, context.args[0], "customer")["id"]
    rows, more = page(context, PAYMENT_METHOD, _cards_of(customer))
    return _listed(customer, rows, more=more, name="cards")


def retrieve_source(context: RequestContext) -> Body:
    """A card of a customer."""
    context.fetch(CUSTOMER, context.args[0], "customer")
    return own_source(context, context.args[0], context.args[1], "id")


def delete(context: RequestContext) -> Body:
    """Take a card away from its customer; another becomes the default."""
    customer = context.fetch(CUSTOMER, context.args[0], "customer")
    card = own_source(context, customer["id"], context.args[1], "id")
    context.services.store.delete(context.scope.id, card["id"])
    context.emit("customer.source.deleted", card)
    if customer["default_source"] == card["id"]:
        rows = context.services.store.select(context.scope.id, PAYMENT_METHOD, *_cards_of(customer["id"]))
        after = customer | {"default_source": rows[0].id if rows else None}
        context.change(CUSTOMER, customer, after, "customer.updated")
    return {"id": card["id"], "object": "card", "deleted": True}


_ADDRESS = {
    "address_city": "city",
    "address_country": "country",
    "address_line1": "line1",
    "address_line2": "line2",
    "address_state": "state",
    "address_zip": "postal_code",
}
_CREATE: dict[str, Field] = {"card": CardSource(), "metadata": Metadata(), "source": CardSource()}
_UPDATE: dict[str, Field] = {
    **{name: Text(unset=True) for name in (*_ADDRESS, "name")},
    "exp_month": Integer(low=1, high=12),
    "exp_year": Integer(low=1970, high=2100),
    "metadata": Metadata(),
}
_LIST: dict[str, Field] = {**PAGE_FIELDS, "object": Enum(values=("bank_account", "card"))}
_BASE, _CARDS = "/v1/customers/{id}/sources", "/v1/customers/{id}/cards"
ROUTES = (
    route("POST", _BASE, create, _CREATE, permission="source", check=_check_create),
    route("GET", _BASE, list_sources, _LIST, permission="source"),
    route("GET", _BASE + "/{source}", retrieve_source, permission="source"),
    route("POST", _BASE + "/{source}", update, _UPDATE, permission="source"),
    route("DELETE", _BASE + "/{source}", delete, permission="source"),
    # Source: Stripe's OpenAPI description has them still, and so have older SDKs.
    route("POST", _CARDS, create, _CREATE, permission="source", check=_check_create),
    route("GET", _CARDS, list_cards, PAGE_FIELDS, permission="source"),
    route("GET", _CARDS + "/{card}", retrieve_source, permission="source"),
    route("POST", _CARDS + "/{card}", update, _UPDATE, permission="source"),
    route("DELETE", _CARDS + "/{card}", delete, permission="source"),
)
