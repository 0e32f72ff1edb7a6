"""The bodies of products and prices, and the parameters that product and price calls share.

Source: Stripe API reference, "Products", "Prices".
"""

from collections.abc import Mapping
from decimal import Decimal

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.updates import given_metadata
from creditctl.emulator.protocol.currencies import largest, smallest, written
from creditctl.emulator.protocol.errors import bad_parameter, missing_parameter, only_one_of
from creditctl.emulator.protocol.fields import Amount, Boolean, Currency, Enum, Field, Integer, TaxCode, Text, Url
from creditctl.emulator.protocol.schema import ByCurrency, Hash, Listing, Metadata
from creditctl.emulator.protocol.written_text import Stripped
from creditctl.emulator.storage.object_types import PRICE, Body

MOST_INTERVALS: Mapping[str, int] = {"day": 3 * 365, "week": 156, "month": 36, "year": 3}
"""Source: Stripe API reference, `interval_count`: "Maximum of three years interval allowed"; its days are ours."""
_RECURRING = Hash(
    fields={
        "interval": Enum(values=tuple(MOST_INTERVALS), required=True),
        "interval_count": Integer(low=1),
        "usage_type": Enum(values=("licensed", "metered")),
        "trial_period_days": Integer(low=0),
        "meter": Text(),
    }
)
TAX_BEHAVIOR = Enum(values=("exclusive", "inclusive", "unspecified"))
CURRENCY_OPTIONS = ByCurrency(
    item=Hash(
        fields={
            "tax_behavior": TAX_BEHAVIOR,
            "unit_amount": Integer(low=0),
            "unit_amount_decimal": Amount(),
        }
    )
)
TAX_DETAILS = Hash(fields={"performance_location": Text(unset=True), "tax_code": TaxCode(unset=True)}, unset=True)
MONEY_FIELDS: dict[str, Field] = {
    "currency": Currency(required=True),
    "unit_amount": Integer(low=0),
    "unit_amount_decimal": Amount(),
    "custom_unit_amount": Hash(
        fields={
            "enabled": Boolean(required=True),
            "maximum": Integer(low=1),
            "minimum": Integer(low=1),
            "preset": Integer(low=1),
        }
    ),
    "currency_options": CURRENCY_OPTIONS,
    "recurring": _RECURRING,
    "tax_behavior": TAX_BEHAVIOR,
}
_HOW_OFTEN = Hash(fields={name: _RECURRING.fields[name] for name in ("interval", "interval_count")})
DEFAULT_PRICE_DATA = Hash(fields={**MONEY_FIELDS, "metadata": Metadata(), "recurring": _HOW_OFTEN})
PRODUCT_DATA_FIELDS: dict[str, Field] = {
    "name": Stripped(required=True),
    "description": Text(max_length=40_000),
    "images": Listing(item=Url(), most=8),
    "metadata": Metadata(),
    "tax_code": TaxCode(),
    "tax_details": TAX_DETAILS,
    "unit_label": Text(max_length=12),
}
"""What `product_data` may say wherever a product is made on the way."""


def new_product(context: RequestContext, params: Body) -> Body:
    """The body of a new product."""
    return {
        "id": params.get("id") or "prod_" + context.services.ids.token(14),
        "object": "product",
        "active": params.get("active", True),
        "attributes": [],
        "created": context.now,
        "default_price": None,
        "description": params.get("description"),
        "images": params.get("images") or [],
        "livemode": context.scope.livemode,
        "marketing_features": params.get("marketing_features") or [],
        "metadata": given_metadata(params),
        "name": params["name"],
        "package_dimensions": dimensions(params.get("package_dimensions")),
        "shippable": params.get("shippable"),
        "statement_descriptor": params.get("statement_descriptor"),
        "tax_code": params.get("tax_code"),
        "tax_details": tax_details(params),
        "type": params.get("type", "service"),
        "unit_label": params.get("unit_label"),
        "updated": context.now,
        "url": params.get("url"),
    }


def dimensions(given: Body | None) -> Body | None:
    """Inches and ounces, as JSON numbers."""
    return None if given is None else {name: float(value) for name, value in given.items()}


def tax_details(params: Body) -> Body | None:
    """Where there is a tax code, also the newer place for it; Source: recorded products."""
    details = params.get("tax_details") or {}
    code = params.get("tax_code") or details.get("tax_code")
    place = details.get("performance_location")
    return {"performance_location": place, "tax_code": code} if code or place else None


def amounts(params: Body, prefix: str = "", currency: str | None = None) -> tuple[int | None, str | None]:
    """`unit_amount` and `unit_amount_decimal` from either of them; None where the price has another basis.

    A price of a currency has the bounds of a charge in it.
    """
    only_one_of(params, ("unit_amount", "unit_amount_decimal"), prefix)
    whole, decimal = params.get("unit_amount"), params.get("unit_amount_decimal")
    if whole is not None:
        if currency and whole > largest(currency):
            message = f"This value must be less than or equal to {largest(currency)}."
            param = f"{prefix}[unit_amount]" if prefix else "unit_amount"
            raise bad_parameter(message, param, "parameter_invalid_integer")
        return whole, str(whole)
    if decimal is None:
        return None, None
    exact = Decimal(decimal)
    return (int(exact) if exact == exact.to_integral_value() else None), format(exact.normalize(), "f")


def new_price(context: RequestContext, params: Body, product: str) -> Body:
    """The body of a new price."""
    whole, decimal = amounts(params)
    recurring = params.get("recurring")
    return {
        "id": context.new_id("price_"),
        "object": "price",
        "active": params.get("active", True),
        "billing_scheme": params.get("billing_scheme", "per_unit"),
        "created": context.now,
        "currency": params["currency"],
        "custom_unit_amount": _custom_amount(params.get("custom_unit_amount")),
        "livemode": context.scope.livemode,
        "lookup_key": params.get("lookup_key"),
        "metadata": given_metadata(params),
        "nickname": params.get("nickname"),
        "product": product,
        "recurring": _recurring(recurring) if recurring else None,
        "tax_behavior": params.get("tax_behavior", "unspecified"),
        "tiers_mode": params.get("tiers_mode"),
        "transform_quantity": params.get("transform_quantity"),
        "type": "recurring" if recurring else "one_time",
        "unit_amount": whole,
        "unit_amount_decimal": decimal,
    }


def check_custom_amount(given: Body | None, currency: str) -> None:
    """What a buyer may choose lies between its bounds, and can be charged; wording unconfirmed.

    Source: Stripe API reference, `minimum`: "Must be at least the minimum charge amount".
    """
    bounds = [given[name] for name in ("minimum", "preset", "maximum") if given and name in given]
    if bounds != sorted(bounds):
        message = "`minimum`, `preset` and `maximum` must be in ascending order."
        raise bad_parameter(message, "custom_unit_amount")
    if given and given.get("minimum", smallest(currency)) < smallest(currency):
        least = written(smallest(currency), currency)
        raise bad_parameter(f"`minimum` must be at least {least}.", "custom_unit_amount[minimum]")


def _custom_amount(given: Body | None) -> Body | None:
    if not given or not given["enabled"]:
        return None
    return {name: given.get(name) for name in ("maximum", "minimum", "preset")}


def read_options(params: Body, currency: str) -> dict[str, Body]:
    """The amounts of a price in other currencies. Errors: StripeError for its own one, or an option without amount."""
    options: dict[str, Body] = {}
    for name, given in (params.get("currency_options") or {}).items():
        param = f"currency_options[{name}]"
        if name == currency:
            raise bad_parameter("`currency_options` can't hold the price's own currency.", param)
        whole, decimal = amounts(given, param, name)
        if decimal is None:
            raise missing_parameter(f"{param}[unit_amount]")
        options[name] = {
            "custom_unit_amount": None,
            "tax_behavior": given.get("tax_behavior", "unspecified"),
            "unit_amount": whole,
            "unit_amount_decimal": decimal,
        }
    return options


def price_options(context: RequestContext, price_id: str) -> dict[str, Body]:
    """The amounts of a stored price in other currencies."""
    found: dict[str, Body] = context.fetch_row(PRICE, price_id).hidden().get("currency_options") or {}
    return found


def _recurring(given: Body) -> Body:
    return {
        "interval": given["interval"],
        "interval_count": given.get("interval_count", 1),
        "meter": given.get("meter"),
        "trial_period_days": given.get("trial_period_days"),
        "usage_type": given.get("usage_type", "licensed"),
    }
