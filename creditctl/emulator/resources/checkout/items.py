"""Line items of a Checkout Session: what is sold, at which price, and what it adds up to.

Source: Stripe API reference, "Checkout Sessions", `line_items`.
"""

from decimal import ROUND_HALF_UP, Decimal

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.payments.discounts import Discount, amount_off
from creditctl.emulator.protocol.currencies import LARGEST, smallest, written
from creditctl.emulator.protocol.errors import bad_parameter, invalid
from creditctl.emulator.protocol.fields import Amount, Anything, Currency, Integer, Text
from creditctl.emulator.protocol.schema import Hash, Listing, Metadata
from creditctl.emulator.resources.products.catalog_bodies import PRODUCT_DATA_FIELDS, amounts, new_price, new_product
from creditctl.emulator.storage.object_types import PRICE, PRODUCT, Body

MOST_ITEMS = 100
_PRICE_DATA = Hash(
    fields={
        "currency": Currency(required=True),
        "product": Text(),
        "product_data": Hash(fields=PRODUCT_DATA_FIELDS),
        "recurring": Anything(),
        "tax_behavior": Text(),
        "unit_amount": Integer(low=0),
        "unit_amount_decimal": Amount(),
    }
)
LINE_ITEMS = Listing(
    item=Hash(
        fields={
            "adjustable_quantity": Anything(),
            "dynamic_tax_rates": Anything(),
            "metadata": Metadata(),
            "price": Text(),
            "price_data": _PRICE_DATA,
            "quantity": Integer(low=1),
            "tax_rates": Anything(),
        }
    ),
    most=MOST_ITEMS,
)


def build_items(context: RequestContext, given: list[Body]) -> list[Body]:
    """The line items of a new session; one currency, active prices and products only."""
    items = [_item(context, entry, f"line_items[{index}]") for index, entry in enumerate(given)]
    currencies = {item["currency"] for item in items}
    if len(currencies) > 1:
        raise invalid(
            "All line items must have the same currency, but these were given: " + ", ".join(sorted(currencies)),
            param="line_items",
        )
    return items


def _item(context: RequestContext, given: Body, param: str) -> Body:
    if ("price" in given) == ("price_data" in given):
        if "price" in given:
            raise bad_parameter("You may only specify one of these parameters: price, price_data.", param)
        raise bad_parameter(f"Missing required param: {param}[price].", f"{param}[price]", "parameter_missing")
    price = _named_price(context, given["price"], f"{param}[price]") if "price" in given else None
    price = price or _inline_price(context, given["price_data"], f"{param}[price_data]")
    if "quantity" not in given:
        raise bad_parameter(f"Missing required param: {param}[quantity].", f"{param}[quantity]", "parameter_missing")
    quantity, product = given["quantity"], context.fetch(PRODUCT, price["product"])
    subtotal = _subtotal(price, quantity, param)
    return {
        "id": context.new_id("li_"),
        "object": "item",
        "adjustable_quantity": given.get("adjustable_quantity"),
        "amount_discount": 0,
        "amount_subtotal": subtotal,
        "amount_tax": 0,
        "amount_total": subtotal,
        "currency": price["currency"],
        "description": product["name"],
        "metadata": given.get("metadata") or {},
        "price": price,
        "quantity": quantity,
    }


def _subtotal(price: Body, quantity: int, param: str) -> int:
    """Unit price times quantity; fractions of a cent are rounded only then, half up."""
    if price["unit_amount_decimal"] is None:
        raise invalid(
            "This emulator covers prices with a unit amount: what the customer chooses or tiers decide is not in it.",
            param=f"{param}[price]",
        )
    exact = Decimal(price["unit_amount_decimal"]) * quantity
    return int(exact.to_integral_value(ROUND_HALF_UP))


def _named_price(context: RequestContext, price_id: str, param: str) -> Body:
    price = context.refer(PRICE, price_id, param)
    if not price["active"]:
        raise invalid("The price specified is inactive. This field only accepts active prices.", param=param)
    if price["type"] != "one_time":
        raise invalid("You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode "
                      "or use only one-time prices.", param=param)  # fmt: skip
    if not context.fetch(PRODUCT, price["product"])["active"]:
        raise invalid(
            f"The product {price['product']} is not active, so its prices cannot be used in Checkout.", param=param
        )
    return price


def _inline_price(context: RequestContext, given: Body, param: str) -> Body:
    """`price_data` makes an archived price, and an archived product where one is described."""
    if "recurring" in given:
        raise invalid("You specified `payment` mode but passed a recurring price.", param=f"{param}[recurring]")
    if amounts(given, f"{param}") == (None, None):
        name = f"{param}[unit_amount]"
        raise bad_parameter(f"Missing required param: {name}.", name, "parameter_missing")
    if "product_data" in given:
        product = new_product(context, {**given["product_data"], "active": False})
        context.add(PRODUCT, product, event="product.created")
    elif "product" in given:
        product = context.refer(PRODUCT, given["product"], f"{param}[product]")
    else:
        name = f"{param}[product]"
        raise bad_parameter(f"Missing required param: {name}.", name, "parameter_missing")
    price = new_price(context, {**given, "active": False}, product["id"])
    return context.add(PRICE, price, event="price.created")


def apply_discount(items: list[Body], discount: Discount, currency: str) -> int:
    """Spread a discount over the items in proportion; the last takes what rounding leaves."""
    products = discount.products
    chosen = [item for item in items if not products or item["price"]["product"] in products]
    subtotal = sum(item["amount_subtotal"] for item in chosen)
    discount.check_minimum(sum(item["amount_subtotal"] for item in items), currency)
    off = amount_off(discount.coupon, subtotal, currency)
    # Shares are rounded down, so the last item takes the rest and the sum is exact to the cent.
    left = off
    for index, item in enumerate(chosen):
        share = left if index == len(chosen) - 1 else (off * item["amount_subtotal"] // subtotal if subtotal else 0)
        item |= {"amount_discount": share, "amount_total": item["amount_subtotal"] - share}
        left -= share
    return off


def check_total(total: int, currency: str) -> None:
    """A session may come to nothing, or to an amount that can be charged."""
    if 0 < total < smallest(currency):
        least = written(smallest(currency), currency)
        raise invalid(
            f"The Checkout Session's total amount due must add up to at least {least} {currency}",
            code="amount_too_small",
        )
    if total > LARGEST:
        most = written(LARGEST, currency)
        raise invalid(
            f"The Checkout Session's total amount due must add up to no more than {most} {currency}",
            code="amount_too_large",
        )
