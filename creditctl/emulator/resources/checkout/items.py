"""Line items of a Checkout Session: what is sold, at which price, with which taxes.

Source: Stripe API reference, "Checkout Sessions", `line_items`.
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.protocol.errors import bad_parameter, invalid, missing_parameter, only_one_of
from creditctl.emulator.protocol.fields import Amount, Boolean, Currency, Integer, OfAnotherMode, Text
from creditctl.emulator.protocol.schema import Hash, Listing, Metadata
from creditctl.emulator.resources.products.catalog_bodies import (
    PRODUCT_DATA_FIELDS,
    TAX_BEHAVIOR,
    amounts,
    new_price,
    new_product,
    price_options,
)
from creditctl.emulator.storage.object_types import PRICE, PRODUCT, TAX_RATE, Body

MOST_ITEMS = 100
_PRICE_DATA = Hash(
    fields={
        "currency": Currency(required=True),
        "product": Text(),
        "product_data": Hash(fields=PRODUCT_DATA_FIELDS),
        "recurring": OfAnotherMode(),
        "tax_behavior": TAX_BEHAVIOR,
        "unit_amount": Integer(low=0),
        "unit_amount_decimal": Amount(),
    }
)
MOST_ADJUSTABLE, USUAL_MOST = 999_999, 99
_ADJUSTABLE = Hash(
    fields={
        "enabled": Boolean(required=True),
        "maximum": Integer(low=1, high=MOST_ADJUSTABLE),
        "minimum": Integer(low=0, high=MOST_ADJUSTABLE),
    }
)
LINE_ITEMS = Listing(
    item=Hash(
        fields={
            "adjustable_quantity": _ADJUSTABLE,
            "metadata": Metadata(),
            "price": Text(),
            "price_data": _PRICE_DATA,
            "quantity": Integer(low=1),
            "tax_rates": Listing(item=Text()),
        }
    ),
    most=MOST_ITEMS,
)


def build_items(context: RequestContext, given: list[Body], currency: str | None) -> list[Body]:
    """The line items of a new session; one currency, active prices and products only.

    Shape: items are kept with their unit amount, tax rates and taxes, which are not shown.
    """
    items = [_item(context, entry, currency, f"line_items[{index}]") for index, entry in enumerate(given)]
    currencies = {item["currency"] for item in items}
    if len(currencies) > 1:
        raise invalid(
            "All line items must have the same currency, but these were given: " + ", ".join(sorted(currencies)),
            param="line_items",
        )
    return items


def _item(context: RequestContext, given: Body, currency: str | None, param: str) -> Body:
    if ("price" in given) == ("price_data" in given):
        if "price" in given:
            raise bad_parameter("You may only specify one of these parameters: price, price_data.", param)
        raise missing_parameter(f"{param}[price]")
    price = _named_price(context, given["price"], f"{param}[price]") if "price" in given else None
    price = price or _inline_price(context, given["price_data"], f"{param}[price_data]")
    if "quantity" not in given:
        raise missing_parameter(f"{param}[quantity]")
    shown, unit = _in_currency(context, price, currency)
    if unit is None:
        raise invalid(
            "This emulator covers prices with a unit amount: what the customer chooses or tiers decide is not in it.",
            param=f"{param}[price]",
        )
    return {
        "id": context.new_id("li_"),
        "object": "item",
        "adjustable_quantity": _adjustable(given, param),
        "amount_discount": 0,
        "amount_subtotal": 0,
        "amount_tax": 0,
        "amount_total": 0,
        "currency": shown,
        "description": context.fetch(PRODUCT, price["product"])["name"],
        "metadata": given.get("metadata") or {},
        "price": price,
        "quantity": given["quantity"],
        "tax_rates": _tax_rates(context, given.get("tax_rates") or [], f"{param}[tax_rates]"),
        "unit_amount_decimal": unit,
    }


def _in_currency(context: RequestContext, price: Body, currency: str | None) -> tuple[str, str | None]:
    """The currency of an item and what one of it costs: the session's, where the price has an option for it."""
    option = price_options(context, price["id"]).get(currency or "")
    if option and currency:
        return currency, option["unit_amount_decimal"]
    return price["currency"], price["unit_amount_decimal"]


def _adjustable(given: Body, param: str) -> Body | None:
    """The bounds within which the buyer may change the quantity; it must lie in them."""
    asked = given.get("adjustable_quantity")
    if not asked or not asked["enabled"]:
        return asked and {"enabled": False, "maximum": None, "minimum": None}
    least, most = asked.get("minimum", 0), asked.get("maximum", USUAL_MOST)
    if not least <= given["quantity"] <= most:
        raise bad_parameter(
            f"The quantity must lie between the minimum ({least}) and the maximum ({most}) of `adjustable_quantity`.",
            f"{param}[quantity]",
        )
    return {"enabled": True, "maximum": most, "minimum": least}


def _tax_rates(context: RequestContext, names: list[str], param: str) -> list[Body]:
    rates = [context.refer(TAX_RATE, name, f"{param}[{index}]") for index, name in enumerate(names)]
    for index, rate in enumerate(rates):
        if not rate["active"]:
            raise invalid(f"The tax rate {rate['id']} is not active.", param=f"{param}[{index}]")
    return rates


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
    only_one_of(given, ("product", "product_data"), param)
    if "product_data" in given:
        product = new_product(context, {**given["product_data"], "active": False})
        context.add(PRODUCT, product, event="product.created")
    elif "product" in given:
        product = context.refer(PRODUCT, given["product"], f"{param}[product]")
    else:
        name = f"{param}[product]"
        raise bad_parameter(f"Missing required param: {name}.", name, "parameter_missing")
    price = new_price(context, {**given, "active": False}, product["id"])
    return context.add(PRICE, price, event="price.created", extra={"inline": True})
