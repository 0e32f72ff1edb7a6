"""Products endpoints: create, retrieve, list, update, delete.

Source: Stripe API reference, "Products": the package's dimensions have a maximum precision of two decimal places.
"""

import copy

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import ListFilter, by_any, by_body, by_created, list_fields, listing, retrieve
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import erase, updated
from creditctl.emulator.protocol.errors import bad_parameter, invalid, only_one_of
from creditctl.emulator.protocol.fields import Amount, Boolean, Descriptor, Enum, Field, TaxCode, Text, Url
from creditctl.emulator.protocol.schema import NEW_METADATA, Hash, Listing, Metadata
from creditctl.emulator.protocol.written_text import Stripped
from creditctl.emulator.resources.products.catalog_bodies import (
    DEFAULT_PRICE_DATA,
    TAX_DETAILS,
    dimensions,
    new_product,
    tax_details,
)
from creditctl.emulator.resources.products.prices import check_amount_basis, make_price
from creditctl.emulator.storage.object_types import PRICE, PRODUCT, Body
from creditctl.emulator.storage.store import column

_DIMENSION = Amount(required=True, places=2)
_DIMENSIONS = Hash(fields=dict.fromkeys(("height", "length", "weight", "width"), _DIMENSION), unset=True)
_SIMPLE: dict[str, Field] = {
    "description": Text(unset=True, max_length=40_000),
    "images": Listing(item=Url(), most=8),
    "marketing_features": Listing(item=Hash(fields={"name": Stripped(required=True, max_length=80)}), most=15),
    "package_dimensions": _DIMENSIONS,
    "shippable": Boolean(unset=True),
    "statement_descriptor": Descriptor(unset=True),
    "tax_code": TaxCode(unset=True),
    "tax_details": TAX_DETAILS,
    "unit_label": Text(unset=True, max_length=12),
    "url": Url(unset=True),
}
_CREATE: dict[str, Field] = {
    **_SIMPLE,
    "name": Stripped(required=True),
    "id": Text(),
    "active": Boolean(),
    "default_price_data": DEFAULT_PRICE_DATA,
    "metadata": NEW_METADATA,
    "type": Enum(values=("good", "service")),
}
_UPDATE: dict[str, Field] = {
    **_SIMPLE,
    "name": Stripped(),
    "active": Boolean(),
    "default_price": Text(unset=True),
    "metadata": Metadata(),
}
_FILTERS = {
    "active": by_body("$.active", Boolean()),
    "created": by_created(),
    "ids": by_any("id", Listing(item=Text())),
    "shippable": by_body("$.shippable", Boolean()),
    "type": by_body("$.type"),
    "url": by_body("$.url"),
}


def create(context: RequestContext) -> Body:
    """Create a product, and its default price where one is described: `price.created` comes first."""
    product = new_product(context, context.params)
    if "id" in context.params and context.services.store.get(context.scope.id, product["id"]) is not None:
        raise invalid(f"Product already exists: {product['id']}", code="resource_already_exists", param="id")
    default_price = context.params.get("default_price_data")
    if default_price:
        check_amount_basis(default_price, "default_price_data")
        # The price exists before its product is stored: `price.created` comes first, and `product.created` names it
        # already.
        # Source: recorded traffic of a product with default_price_data.
        price = make_price(context, default_price, product["id"])
        product["default_price"] = price["id"]
    return context.add(PRODUCT, product, event="product.created")


def update(context: RequestContext) -> Body:
    """Change a product; `updated` moves and `product.updated` fires only when something changed."""
    before = context.fetch(PRODUCT, context.args[0])
    default_price = context.params.get("default_price")
    if default_price:
        _check_default_price(context, before, default_price)
    after = updated(before, context.params, (*_SIMPLE, "name", "active", "default_price"))
    if "package_dimensions" in context.params:
        after["package_dimensions"] = dimensions(context.params["package_dimensions"])
    if {"tax_code", "tax_details"} & set(context.params):
        after["tax_details"] = tax_details(context.params)
    after["images"] = after["images"] or []
    after["marketing_features"] = after["marketing_features"] or []
    if after == before:
        return after
    after["updated"] = context.now
    return context.change(PRODUCT, before, after, "product.updated")


def _check_default_price(context: RequestContext, product: Body, price_id: str) -> None:
    price = context.refer(PRICE, price_id, "default_price")
    if price["product"] != product["id"]:
        raise bad_parameter(
            f"The price `{price_id}` can't be set as `default_price` because it belongs to another product.",
            "default_price",
        )
    if not price["active"]:
        raise bad_parameter(
            f"The price `{price_id}` is archived and can't be set as the `default_price`.", "default_price"
        )


def delete(context: RequestContext) -> Body:
    """Delete a product that has no prices."""
    product = context.fetch(PRODUCT, context.args[0])
    if context.services.store.select(context.scope.id, PRICE, column("parent", product["id"])):
        raise invalid("This product cannot be deleted because it has one or more user-created prices.")
    snapshot = copy.copy(product)
    snapshot["active"] = False
    context.emit("product.deleted", snapshot)
    return erase(context, PRODUCT, product["id"])


def _check_page(context: RequestContext) -> None:
    """Source: Stripe API reference, "List all products", `ids`: not with a cursor."""
    for cursor in ("starting_after", "ending_before"):
        only_one_of(context.params, ("ids", cursor))


_LIST: dict[str, ListFilter] = _FILTERS
ROUTES = (
    route("POST", "/v1/products", create, _CREATE, permission="product"),
    route("GET", "/v1/products", listing(PRODUCT, _LIST), list_fields(_LIST), permission="product", check=_check_page),
    route("GET", "/v1/products/{id}", retrieve(PRODUCT), permission="product"),
    route("POST", "/v1/products/{id}", update, _UPDATE, permission="product"),
    route("DELETE", "/v1/products/{id}", delete, permission="product"),
)
