"""Parameters that older API versions take by other names, in the form of the newest: inline items, `features`.

Source: Stripe changelog, 2022-08-01 ("Replaces line item parameters from the Create Checkout Session endpoint"),
2024-04-10 ("Renames the features attribute of the Product object"), 2025-03-31.basil ("Removes coupon and promotion
code parameters with stackable discounts"); parameter types of stripe-node 8.222, 10.17 and 14.25.
"""

from creditctl.emulator.api.routes import Route
from creditctl.emulator.protocol.forms import Node, Tree
from creditctl.emulator.protocol.versions import (
    CUSTOMER_COUPONS_UNTIL,
    INLINE_ITEMS_UNTIL,
    PRODUCT_FEATURES_UNTIL,
    since,
)

_OF_PRICE = {"amount": "unit_amount", "currency": "currency"}
_OF_PRODUCT = ("name", "description", "images")
_COUPONS_OF_CUSTOMERS = ("coupon", "promotion_code")


def newest_form(entry: Route, tree: Tree, version: str) -> Tree:
    """The parameters of a request as the newest version names them; the same tree where they are."""
    if since(version, PRODUCT_FEATURES_UNTIL) or entry.method != "POST":
        return tree
    if entry.pattern in ("/v1/products", "/v1/products/{id}"):
        # A newer name beside it is not taken for the same: the older one is unknown then.
        renamed = "features" in tree and "marketing_features" not in tree
        return {**_without(tree, {"features"}), "marketing_features": tree["features"]} if renamed else tree
    if entry.pattern == "/v1/checkout/sessions" and not since(version, INLINE_ITEMS_UNTIL) and "line_items" in tree:
        return tree | {"line_items": _items(tree["line_items"])}
    return tree


def was_documented(entry: Route, name: str, version: str) -> bool:
    """Whether Stripe has a parameter in this older version that its newest has no longer: a customer's coupon."""
    customers = entry.method == "POST" and entry.pattern in ("/v1/customers", "/v1/customers/{id}")
    return customers and name in _COUPONS_OF_CUSTOMERS and not since(version, CUSTOMER_COUPONS_UNTIL)


def _items(node: Node) -> Node:
    """The line items, by index or as a list, each with a `price_data` where it was described inline."""
    if isinstance(node, list):
        return [_item(item) for item in node]
    return {index: _item(item) for index, item in node.items()} if isinstance(node, dict) else node


def _item(node: Node) -> Node:
    inline = {*_OF_PRICE, *_OF_PRODUCT}
    if not isinstance(node, dict) or not inline & set(node) or {"price", "price_data"} & set(node):
        return node
    product: Tree = {name: node[name] for name in _OF_PRODUCT if name in node}
    price: Tree = {new: node[old] for old, new in _OF_PRICE.items() if old in node}
    return {**_without(node, inline), "price_data": price | {"product_data": product}}


def _without(tree: Tree, names: set[str]) -> Tree:
    return {name: node for name, node in tree.items() if name not in names}
